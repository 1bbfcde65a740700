import type { ProgressDisplay } from "../../progress/progress-display.ts";
import { progressOnPipe } from "../../progress/progress-on-pipe.ts";

/** Lines on the console, as on a pipe. A page of its own shows what `onEvent` tells. */
export function consoleProgress(): ProgressDisplay {
  return progressOnPipe((line) => console.info(line));
}
