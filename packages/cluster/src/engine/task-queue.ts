import type { JsonObject } from "@shoal/core";

/** Something to do, as a hint: the receiver looks into the ledger whether it is still wanted. */
export interface QueuedTask {
  readonly id: string;
  /** What it needs of a worker; consumers pull by it. Letters, digits, `-` and `_`. */
  readonly class: string;
  /** Lower comes first, within a class. 0 to 9. */
  readonly priority: number;
  /** At most 4 KB. */
  readonly body: JsonObject;
}

/**
 * Tasks that wait for somebody. A queue may lose, repeat and reorder them; correctness never rests on it. What is not acknowledged comes
 * again after `leaseMs`. An acknowledgement is no fence: one that comes late settles the task of whoever has it now. So commit first, acknowledge after.
 */
export interface TaskQueue {
  /** A lease that is not extended for this long is over. */
  readonly leaseMs: number;
  /** `full`: wait, and offer again. The id of a task that waits or is leased may be taken for that task. Rejects with `engine-paused`: unknown, offer again. */
  offer(task: QueuedTask): Promise<"queued" | "full">;
  /**
   * Up to `count` tasks, of the first class that has any. Waits up to `waitMs` for the first one; empty when there is none by then.
   * @param classes in the order of preference
   */
  pull(classes: readonly string[], count: number, waitMs: number, signal?: AbortSignal): Promise<readonly QueueLease[]>;
}

/** A task on loan. Its methods resolve when the request is sent: whether it had an effect shows later, if at all. */
export interface QueueLease {
  readonly task: QueuedTask;
  /** How often it was given out, this time included. A hint: it counts deliveries, not failures. */
  readonly deliveries: number;
  /** Keeps it for another `leaseMs`. */
  extend(): Promise<void>;
  /** The task is done with. Only after the ledger has answered: an acknowledged task does not come again. */
  acknowledge(): Promise<void>;
  /** Gives it back for others, at once or after a while. */
  giveBack(delayMs?: number): Promise<void>;
}
