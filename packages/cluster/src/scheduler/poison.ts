import type { ErrorData, FailureClass } from "@shoal/core";
import { beginCommit } from "./commits.ts";
import { hasOthers, strike } from "./exclusion.ts";
import type { TaskEntry } from "./events.ts";
import { endAttempt } from "./leases.ts";
import { isStandIn } from "./stand-ins.ts";
import { dequeue, enqueue } from "./queue.ts";
import type { Attempt, SchedulerState, Task, Trouble, Worker } from "./state.ts";

export interface Failure {
  readonly failure: FailureClass;
  readonly error: ErrorData;
  readonly row?: number;
  readonly badResult?: boolean;
  readonly unconfirmed?: boolean;
  /** The task only waited behind something else that the worker did not get done with. */
  readonly neverBegan?: boolean;
}

/** What a job ends by: a failure that no other worker and no smaller task would be spared. */
export type Verdict = "again" | "job-fails";

/**
 * A worker failed at a task. Who is to blame is told by others: the task goes to workers that have not failed at it, and only when so many
 * distinct ones have is it cut up, until the guilty row stands alone and is quarantined. A worker that fails alone is the one excluded.
 */
export function failTask(state: SchedulerState, attempt: Attempt, { failure, error, row, badResult = false, unconfirmed = false, neverBegan = false }: Failure): Verdict {
  const { task, worker } = attempt;
  endAttempt(state, attempt);
  if (failure === "aborted") {
    requeue(state, task);
    return "again";
  }
  if (neverBegan) return passBy(state, attempt);
  const trouble = troubleOf(task, error);
  // Names of volunteers cost nothing: what three of them say of a block is no proof.
  if (badResult || unconfirmed || worker.joined.volunteer === true) {
    trouble.badResultsBy.add(worker);
    trouble.badResults++;
  } else {
    trouble.failedBy.set(worker, (trouble.failedBy.get(worker) ?? 0) + 1);
    trouble.failures++;
    trouble.lastError = error;
    trouble.guiltyRow = row;
    trouble.bug = failure === "bug";
  }
  trouble.others = undefined;
  trouble.againAt = state.now + state.settings.againMs;
  if (failure === "oom") trouble.memoryFloor = Math.max(trouble.memoryFloor, worker.joined.memoryBytes);
  // Of many machines one has failed.
  if (!unconfirmed && !isStandIn(worker)) strike(state, task.of.segment.job, worker);
  return judge(state, task, trouble);
}

/** That says nothing of a task. But one that others are in trouble with is not kept from them for a worker that never comes to it: nobody else may be there, and it would wait for ever. */
function passBy(state: SchedulerState, { task, worker }: Attempt): Verdict {
  if (!isStandIn(worker)) strike(state, task.of.segment.job, worker);
  const { trouble } = task;
  if (trouble !== undefined) {
    trouble.badResultsBy.add(worker);
    trouble.others = undefined;
    trouble.againAt = state.now + state.settings.againMs;
    return judge(state, task, trouble);
  }
  if (task.committing === undefined) requeue(state, task);
  return "again";
}

/** A worker vanished while it ran a task. Tabs are closed every minute, so that this alone says little; but a row can end a whole process. */
export function vanishedWith(state: SchedulerState, task: Task, worker: Worker): void {
  const trouble = troubleOf(task, { code: "worker-lost", message: `Worker ${worker.name} vanished while it ran this.`, failure: "worker-lost" });
  trouble.lostBy.add(worker);
  trouble.losses++;
  trouble.others = undefined;
  trouble.againAt = state.now + state.settings.againMs;
  if (task.committing === undefined && task.attempts.length === 0) judge(state, task, trouble);
}

function judge(state: SchedulerState, task: Task, trouble: Trouble): Verdict {
  if (task.committing !== undefined || task.attempts.length > 0) return "again";
  if (!isBlamed(state, task, trouble)) {
    requeue(state, task);
    return "again";
  }
  if (trouble.bug) return "job-fails";
  beginCommit(state, task, sentence(task, trouble));
  return "again";
}

/** Of answers that were no results, and of failures that volunteers report, so many weigh as much as a failure, and only where nobody is left who might do better: or else a job could hang on a block. */
const badResultsPerFailure = 3;

/** A loss is half a failure. Where nobody is left to ask, those who failed are asked again, as often. */
function isBlamed(state: SchedulerState, { of: { segment } }: Task, trouble: Trouble): boolean {
  const { failingWorkers } = state.settings;
  if (trouble.failedBy.size + trouble.lostBy.size / 2 >= failingWorkers) return true;
  return trouble.failures + trouble.losses / 2 + trouble.badResults / badResultsPerFailure >= failingWorkers && !hasOthers(state, segment, trouble);
}

function sentence({ first, rows, of }: Task, { guiltyRow, lastError }: Trouble): TaskEntry {
  if (rows <= 1 || !of.segment.spec.divisible) return { kind: "quarantine", error: lastError };
  if (guiltyRow === undefined || guiltyRow < 0 || guiltyRow >= rows) return { kind: "split", at: [first, first + Math.ceil(rows / 2)] };
  // The row that was named stands alone, and what is before and after it.
  const starts = [0, guiltyRow, guiltyRow + 1].filter((start, index, all) => start < rows && all.indexOf(start) === index);
  return { kind: "split", at: starts.map((start) => first + start) };
}

function troubleOf(task: Task, error: ErrorData): Trouble {
  task.trouble ??= { failedBy: new Map(), failures: 0, lostBy: new Set(), losses: 0, badResultsBy: new Set(), badResults: 0, memoryFloor: -1, lastError: error, guiltyRow: undefined, bug: false, againAt: 0, others: undefined };
  return task.trouble;
}

/** It may wait among those that anybody may have, and be suspected now. */
function requeue(state: SchedulerState, task: Task): void {
  dequeue(task);
  if (task.attempts.length === 0) enqueue(state, task);
}
