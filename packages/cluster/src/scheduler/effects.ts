import type { ErrorData } from "@shoal/core";
import type { AttemptId, TaskEntry, TaskId } from "./events.ts";

/** A task on loan, within a lease. */
export interface LeasedTask {
  readonly task: TaskId;
  readonly attempt: AttemptId;
  /** Not to be computed together with others: something went wrong with it, or in its company. Of a lease. */
  readonly apart?: true;
}

/** What a scheduler wants done. Each is safe to do twice, and each is asked for again where its loss would matter. */
export type SchedulerEffect =
  // To a worker.
  /** Tasks of one segment, to be computed in this order. A lease ends when each is answered, or `leaseMs` after the last beat. */
  | { readonly kind: "lease"; readonly connection: string; readonly lease: number; readonly leaseMs: number; readonly tasks: readonly LeasedTask[]; readonly duplicate: boolean }
  /** It need not compute these any more. */
  | { readonly kind: "revoke"; readonly connection: string; readonly tasks: readonly LeasedTask[]; readonly why: "committed" | "expired" | "moved" | "stalled" | "job-ended" }
  /** The ledger has the task: the worker may drop the result that it holds. */
  | { readonly kind: "settle"; readonly connection: string; readonly task: TaskId; readonly attempt: AttemptId }
  /** The result of a task that this worker never had. */
  | { readonly kind: "refuse"; readonly connection: string; readonly task: TaskId; readonly attempt: AttemptId }
  /** This connection is nobody's any more: the worker must join anew. */
  | { readonly kind: "close"; readonly connection: string }
  // To the engine.
  /** Write this entry unless there is one, and answer. */
  | { readonly kind: "commit"; readonly task: TaskId; readonly entry: TaskEntry }
  /** Send a `tick` at this time. A later one replaces it. */
  | { readonly kind: "set-timer"; readonly at: number }
  // To a driver.
  /** Back-pressure: so many blocks more may be offered. */
  | { readonly kind: "ask-for-blocks"; readonly job: string; readonly segment: number; readonly blocks: number }
  /** Every row of it is in the ledger, as result or quarantined. */
  | { readonly kind: "block-done"; readonly job: string; readonly segment: number; readonly block: number }
  | { readonly kind: "block-split"; readonly task: TaskId; readonly parts: readonly TaskId[] }
  | { readonly kind: "rows-quarantined"; readonly task: TaskId; readonly error: ErrorData }
  | { readonly kind: "job-done"; readonly job: string; readonly quarantinedRows: number }
  | { readonly kind: "job-failed"; readonly job: string; readonly error: ErrorData }
  /** Somebody took it back; to all drivers of it, for it may have been another one. */
  | { readonly kind: "job-cancelled"; readonly job: string };
