import { sortingWindowRows } from "@shoal/planner";
import { learnModel } from "./classes.ts";
import { beginCommit, isSame } from "./commits.ts";
import { joinedRows } from "./joined-tasks.ts";
import { strike } from "./exclusion.ts";
import type { AttemptId, SchedulerEvent, TaskFailed, WorkerBeat } from "./events.ts";
import { failJob } from "./jobs.ts";
import { endAttempt, loseAttempt, rememberAttempt, revoke } from "./leases.ts";
import { failTask, type Failure } from "./poison.ts";
import { meanMsPerRow, measure, measureBeat } from "./rates.ts";
import { emit, findTask, segmentOf, type Attempt, type Presented, type SchedulerState, type Segment, type Task, type Worker } from "./state.ts";

/** Results of blocks that were not offered yet which one worker may have noted here; the others it presents again. */
const maxPresented = 256;
/** Of a task's own time: what it must have stood still for to count as stalled. */
const stalledTimes = 10;
/** Bytes in a millisecond: a model that comes more slowly is not coming. */
const slowestLoading = 16;

/** A result goes to the ledger, whoever it comes from, if that worker was ever leased the task and nobody was faster. */
export function takeResult(state: SchedulerState, worker: Worker, { connection, task: id, attempt }: Extract<SchedulerEvent, { kind: "result" }>): void {
  const segment = segmentOf(state, id);
  const presented: Presented = { worker, connection, task: id, attempt };
  if (segment === undefined || segment.committed.has(id.block)) return emit(state, { kind: "settle", connection, task: id, attempt });
  const task = findTask(segment, id);
  if (task === undefined) return takeUnknown(state, segment, presented);
  const known = findAttempt(state, task, worker, attempt);
  if (known === undefined && attempt.epoch === state.settings.epoch) {
    strike(state, segment.job, worker);
    return emit(state, { kind: "refuse", connection, task: id, attempt });
  }
  if (known !== undefined && worker.attempts.has(known.number)) {
    measure(state, known);
    if (segment.spec.needs.model !== undefined) learnModel(state, worker, segment.spec.needs.model.hash);
    endAttempt(state, known);
    rememberAttempt(known);
  }
  if (!task.holders.some((holder) => holder.connection === connection && isSame(holder.attempt, attempt))) {
    worker.presentedResults++;
    task.holders.push(presented);
  }
  beginCommit(state, task, { kind: "result", attempt, worker: worker.name });
}

/** Of a block that its driver has not offered since a restart, or that was split. */
function takeUnknown(state: SchedulerState, segment: Segment, presented: Presented): void {
  const { worker, connection, task, attempt } = presented;
  const known = segment.presented.get(task.block) ?? [];
  if (segment.open.has(task.block) || segment.job.spec.borrowed === true) return emit(state, { kind: "settle", connection, task, attempt });
  if (worker.presentedResults >= maxPresented || known.some((one) => one.worker === worker && isSame(one.attempt, attempt))) return;
  worker.presentedResults++;
  segment.presented.set(task.block, [...known, presented]);
}

/** The attempt that a worker speaks of, if it was ever its own. */
function findAttempt(state: SchedulerState, task: Task, worker: Worker, { epoch, number }: AttemptId): Attempt | undefined {
  if (epoch !== state.settings.epoch) return undefined;
  const isIt = (attempt: Attempt): boolean => attempt.number === number && attempt.worker === worker;
  return task.attempts.find(isIt) ?? task.past.find(isIt);
}

export function takeFailure(state: SchedulerState, worker: Worker, event: TaskFailed): void {
  const attempt = event.attempt.epoch === state.settings.epoch ? worker.attempts.get(event.attempt.number) : undefined;
  if (attempt !== undefined) fail(state, attempt, { failure: event.failure, error: event.error, ...(event.row === undefined ? {} : { row: event.row }), badResult: event.badResult === true, unconfirmed: event.unconfirmed === true });
}

function fail(state: SchedulerState, attempt: Attempt, failure: Failure): void {
  if (failTask(state, attempt, failure) === "job-fails") failJob(state, attempt.task.of.segment.job, failure.error);
}

/**
 * A beat says what is being computed. A worker goes by the order of its leases, so whatever is before that never reached it, or its answer
 * never came back: it is offered again. And one that beats without getting anywhere has failed.
 */
export function takeBeat(state: SchedulerState, worker: Worker, { running, rows, loading, loadedBytes }: WorkerBeat): void {
  const [first] = worker.attempts.values();
  if (loading === true) {
    if (loadedBytes !== undefined && first !== undefined) mindWaiting(state, worker, first, running, { rows: 0, borneMs: state.settings.loadStallMs + loadedBytes / slowestLoading, what: "did nothing but load" });
    return;
  }
  const current = running?.epoch === state.settings.epoch ? worker.attempts.get(running.number) : undefined;
  if (running === undefined) {
    const sentBefore = state.now - state.settings.leaseMs.machine;
    for (const attempt of worker.attempts.values()) if (attempt.leasedAt < sentBefore) loseAttempt(state, attempt);
    return;
  }
  if (current === undefined) {
    // It is at something that it was leased before, or that nobody wants any more.
    if (first !== undefined) mindWaiting(state, worker, first, running, { rows: Math.min(rows, sortingWindowRows), borneMs: patienceMs(state, first), what: "began nothing" });
    return;
  }
  for (const attempt of worker.attempts.values()) {
    if (attempt === current) break;
    loseAttempt(state, attempt);
  }
  const { progress } = worker;
  // Of tasks that are computed together a beat counts all rows.
  const done = Math.min(rows, joinedRows(worker));
  if (progress === undefined || progress.attempt !== current.number || progress.isLoading || done > progress.rows) {
    worker.progress = { attempt: current.number, rows: done, at: state.now, isLoading: false };
    if (done <= current.task.rows) measureBeat(state, current, done);
    state.freed.add(worker);
    return;
  }
  if (state.now - progress.at >= patienceMs(state, current)) stalled(state, worker, current, "got no row done");
}

/** How long a task may stand still. A worker's own rate may be what it made of it by standing still before: beyond some time what others take counts. */
function patienceMs({ settings }: SchedulerState, { expectedMs: own, task }: Attempt): number {
  const usual = (meanMsPerRow(task.of.segment) ?? 0) * task.rows;
  return Math.max(settings.stallMs, Math.min(stalledTimes * own, Math.max(settings.loadStallMs, stalledTimes * usual)));
}

/** Before the first of a worker's attempts gets anywhere, loading and other things may take long, but not for ever. Where the worker is at something else, that attempt is only in line behind it. */
function mindWaiting(state: SchedulerState, worker: Worker, first: Attempt, running: WorkerBeat["running"], { rows, borneMs, what }: { readonly rows: number; readonly borneMs: number; readonly what: string }): void {
  const { progress } = worker;
  const isNew = progress?.attempt !== first.number;
  if (isNew || rows > progress.rows) worker.progress = { attempt: first.number, rows, at: state.now, isLoading: isNew || progress.isLoading };
  else if (state.now - progress.at >= borneMs) {
    const isAtIt = running === undefined || (running.epoch === state.settings.epoch && running.number === first.number);
    stalled(state, worker, first, what, !isAtIt);
  }
}

/** @param neverBegan says nothing of the task, and nothing good of the worker */
function stalled(state: SchedulerState, worker: Worker, current: Attempt, what: string, neverBegan = false): void {
  const seconds = Math.round((state.now - (worker.progress?.at ?? state.now)) / 1000);
  worker.progress = undefined;
  revoke(state, [current], "stalled");
  fail(state, current, { failure: "timeout", neverBegan, error: { code: "timeout", message: `Worker ${worker.name} ${what} in ${seconds} s.`, failure: "timeout" } });
}
