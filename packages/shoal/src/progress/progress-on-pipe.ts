import type { ProgressDisplay } from "./progress-display.ts";
import { announcement, progressLine, startProgress } from "./progress-lines.ts";

/** How often a line is said. */
const intervalMs = 5000;

/** Progress where lines stay: one every few seconds, and notices at once. */
export function progressOnPipe(say: (line: string) => void): ProgressDisplay {
  const progress = startProgress();
  let due = intervalMs;
  return {
    onEvent(event) {
      progress.take(event);
      const message = announcement(event);
      if (message !== undefined) say(message);
      if (progress.elapsedMs < due) return;
      due = progress.elapsedMs + intervalMs;
      say(progressLine(progress));
    },
    stop: () => {},
  };
}
