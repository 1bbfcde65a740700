import type { ComponentChild } from "preact";

// Where each swims, and how large it is.
const fish = [[2, 9, 1], [15, 3, 0.8], [17, 15, 0.9], [29, 8, 1.1], [31, 20, 0.7], [44, 3, 0.75], [45, 14, 0.95], [58, 8, 0.85]] as const;

/** The mark of the page. */
export function SchoolOfFish(): ComponentChild {
  return (
    <svg class="school" viewBox="0 0 72 28" aria-hidden="true" focusable="false">
      {fish.map(([x, y, size]) => <path key={x} d="M0 4c2.4-3.6 6-3.6 8.4-.4l2-2v4.8l-2-2C6 7.600 2.400 7.600 0 4z" transform={`translate(${x} ${y}) scale(${size})`} />)}
    </svg>
  );
}
