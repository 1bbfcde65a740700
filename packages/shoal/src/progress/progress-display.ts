import type { RunEvent } from "@shoal/executor";

/** Shows a person where a run stands. */
export interface ProgressDisplay {
  onEvent(event: RunEvent): void;
  stop(): void;
}
