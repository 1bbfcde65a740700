import { forgive } from "./exclusion.ts";
import type { AttemptId, TaskEntry, TaskId } from "./events.ts";
import { endAttempt, revoke } from "./leases.ts";
import { isStandIn, measureStandIn } from "./stand-ins.ts";
import { measureOvertaken } from "./rates.ts";
import { dequeue, enqueue } from "./queue.ts";
import { at, emit, findTask, segmentOf, taskId, type Job, type OpenBlock, type SchedulerState, type Segment, type Task } from "./state.ts";

const longestRetryMs = 10_000;

/**
 * Has the ledger decide a task: by a result, by splitting it, by giving it up. All three are entries under the same key, and the first one
 * wins; so a late result of the whole can never stand beside results of its parts, whoever sends it and whatever was restarted.
 */
export function beginCommit(state: SchedulerState, task: Task, entry: TaskEntry): void {
  if (task.committing !== undefined) return;
  dequeue(task);
  task.committing = { entry, tries: 0 };
  task.of.segment.job.committing++;
  emit(state, { kind: "commit", task: taskId(task), entry });
}

/** The ledger did not answer, or with an error. The same entry again: it tells its own from another's. */
export function retryCommit(state: SchedulerState, id: TaskId): void {
  const segment = segmentOf(state, id);
  const task = segment && findTask(segment, id);
  const { committing } = task ?? {};
  if (task === undefined || committing === undefined) return;
  state.undecidedSince ??= state.now;
  const waitMs = Math.min(longestRetryMs, state.settings.commitRetryMs * 2 ** committing.tries++);
  at(state, state.now + waitMs, (later) => {
    if (task.committing === committing && later.jobs.get(id.job) === segment?.job) emit(later, { kind: "commit", task: id, entry: committing.entry });
  });
}

/** Its result is lost with the worker that held it: another's is committed, or the task is open again. @param only the one result that is lost; absent: all that are held of the task */
export function abandonCommit(state: SchedulerState, id: TaskId, only?: { readonly worker: string; readonly attempt: AttemptId }): void {
  const segment = segmentOf(state, id);
  const task = segment && findTask(segment, id);
  if (task?.committing === undefined) return;
  endCommit(state, task);
  for (const holder of task.holders.splice(0)) {
    const { worker, attempt } = holder;
    if (only !== undefined && (worker.name !== only.worker || !isSame(attempt, only.attempt))) task.holders.push(holder);
    else worker.presentedResults = Math.max(0, worker.presentedResults - 1);
  }
  const [next] = task.holders;
  if (next !== undefined) return beginCommit(state, task, { kind: "result", attempt: next.attempt, worker: next.worker.name });
  if (task.attempts.length === 0) enqueue(state, task);
}

/** Where as many commits waited as may, there is room for leases again. */
function endCommit(state: SchedulerState, task: Task): void {
  if (task.committing === undefined) return;
  task.committing = undefined;
  const { job } = task.of.segment;
  job.committing--;
  if (job.committing + 1 >= state.settings.maxCommitting) for (const segment of job.segments) state.fresh.add(segment);
}

/**
 * For how long the ledger has decided nothing though it was asked, in milliseconds up to the last event; 0 while it decides. Workers go on until
 * `maxCommitting` results wait; nothing is lost, and nothing gets done.
 */
export function commitsStalledMs(state: SchedulerState): number {
  return state.undecidedSince === undefined ? 0 : state.now - state.undecidedSince;
}

/** The ledger has the task, by our entry or another's. */
export function commitDecided(state: SchedulerState, id: TaskId, winner?: TaskEntry): void {
  const segment = segmentOf(state, id);
  const task = segment && findTask(segment, id);
  if (task === undefined) return;
  const entry = winner ?? task.committing?.entry;
  state.undecidedSince = undefined;
  // What a stand-in has done is known by the ledger alone.
  if (winner?.kind === "result" && winner.attempt.epoch !== state.settings.epoch) for (const attempt of task.attempts) if (isStandIn(attempt.worker)) measureStandIn(state, attempt);
  if (entry !== undefined) applyEntry(state, task, entry);
}

/** An entry read back from the ledger. The first one of a block is about all of it. */
export function replay(state: SchedulerState, id: TaskId, entry: TaskEntry): void {
  const segment = segmentOf(state, id);
  if (segment === undefined || segment.committed.has(id.block)) return;
  if (!segment.open.has(id.block)) openBlock(segment, id.block, id.rows, 0, false);
  const task = findTask(segment, id);
  if (task !== undefined) applyEntry(state, task, entry);
}

export function openBlock(segment: Segment, block: number, rows: number, bytes: number, offered: boolean): OpenBlock {
  const open: OpenBlock = { segment, block, rows, bytes, offered, parts: [] };
  open.parts.push(newTask(open, 0, rows));
  segment.open.set(block, open);
  return open;
}

export function newTask(of: OpenBlock, first: number, rows: number): Task {
  return { of, first, rows, place: "nowhere", attempts: [], past: [], committing: undefined, holders: [], trouble: undefined, apart: rows < of.rows };
}

function applyEntry(state: SchedulerState, task: Task, entry: TaskEntry): void {
  const { of } = task;
  const { segment } = of;
  tellOvertaken(state, task, entry);
  release(state, task, "committed");
  const index = of.parts.indexOf(task);
  if (entry.kind === "split") {
    const parts = cutAt(of, task, entry.at);
    of.parts.splice(index, 1, ...parts);
    emit(state, { kind: "block-split", task: taskId(task), parts: parts.map(taskId) });
    for (const part of parts) enqueue(state, part);
  } else {
    of.parts.splice(index, 1);
    if (entry.kind === "quarantine") {
      segment.job.quarantinedRows += task.rows;
      emit(state, { kind: "rows-quarantined", task: taskId(task), error: entry.error });
    }
  }
  // Whoever failed at it was right.
  if (entry.kind !== "result") for (const worker of [...(task.trouble?.failedBy.keys() ?? []), ...(task.trouble?.badResultsBy ?? [])]) forgive(state, segment.job, worker);
  if (of.parts.length === 0) finishBlock(state, of);
}

export function isSame(a: AttemptId, b: AttemptId): boolean {
  return a.epoch === b.epoch && a.number === b.number;
}

/** Who holds a result that was not the first is told so, before it may drop it: its rows are another's. */
function tellOvertaken(state: SchedulerState, { holders }: Task, entry: TaskEntry): void {
  for (const { worker, connection, task, attempt } of holders) {
    const isFirst = entry.kind === "result" && entry.worker === worker.name && isSame(entry.attempt, attempt);
    if (!isFirst) emit(state, { kind: "revoke", connection, tasks: [{ task, attempt }], why: "committed" });
  }
}

/** Nobody works at a task any more, and who holds a result of it may drop it. */
export function release(state: SchedulerState, task: Task, why: "committed" | "job-ended" | "moved"): void {
  endCommit(state, task);
  dequeue(task);
  const ended = [...task.attempts];
  for (const attempt of ended) {
    const { worker, number } = attempt;
    if (why === "committed" && worker.attempts.keys().next().value === number && !isStandIn(worker)) measureOvertaken(state, attempt);
    endAttempt(state, attempt);
  }
  revoke(state, ended, why);
  for (const holder of task.holders.splice(0)) {
    holder.worker.presentedResults = Math.max(0, holder.worker.presentedResults - 1);
    emit(state, { kind: "settle", connection: holder.connection, task: holder.task, attempt: holder.attempt });
  }
}

function cutAt(of: OpenBlock, task: Task, starts: readonly number[]): Task[] {
  return starts.map((first, index) => newTask(of, first, (starts[index + 1] ?? task.first + task.rows) - first));
}

function finishBlock(state: SchedulerState, { segment, block, bytes, offered }: OpenBlock): void {
  segment.open.delete(block);
  // Other parts of one that is lent may be done elsewhere.
  if (segment.job.spec.borrowed !== true) segment.committed.add(block);
  segment.openBytes -= bytes;
  if (offered) segment.openOffered--;
  state.touched.add(segment);
  if (offered) emit(state, { kind: "block-done", job: segment.job.spec.job, segment: segment.index, block });
}

/** Every segment has all of its blocks. */
export function isComplete({ segments }: Job): boolean {
  return segments.every(({ total, committed }) => total !== undefined && committed.size >= total);
}
