import type { ComponentChild } from "preact";

const width = 240;
const height = 48;
const most = 60;

/** The latest rates, the newest at the right. Decoration: the numbers stand beside it. */
export function Sparkline({ values }: { readonly values: readonly number[] }): ComponentChild {
  const top = Math.max(...values, 1e-9);
  const points = values.map((value, at) => `${(((most - values.length + at) * width) / (most - 1)).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {points.length > 1 && <polyline points={points.join(" ")} />}
    </svg>
  );
}
