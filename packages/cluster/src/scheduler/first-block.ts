import { excludedUntil, isSuspected, mayTryAt } from "./exclusion.ts";
import { isFarLate, isHeldUp, isLate, muchSooner, restMs } from "./lateness.ts";
import { grant, loseAttempt, revoke } from "./leases.ts";
import { leaseLimit, takeTasks } from "./lease-size.ts";
import { ableWorkers, backlogMs, expectedMs, loadMs, meanMsPerRow } from "./rates.ts";
import { isStandIn } from "./stand-ins.ts";
import { at, type Attempt, type SchedulerState, type Segment, type Task, type Worker } from "./state.ts";

// The first block that is not done: what is done behind it leaves the house after it, and stops the reading once it is too much.

const lookEveryMs = 1_000;
/** Less is not worth calling anything back. */
const leastMs = 2_000;
/** Blocks behind the first one that are done, and stop nothing yet. */
const fewBehind = 8;

/** Who would have a task done soonest if it came next. */
interface Soonest {
  readonly worker: Worker;
  readonly ms: number;
}

/** Where the rows of a segment are wanted in order, looks now and again whether its first block could be done much sooner. */
export function watchFirstBlock(state: SchedulerState, segment: Segment): void {
  if (segment.spec.inOrder !== true || segment.firstLookAt !== undefined || !holdsUp(segment)) return;
  // A look costs as much as there are workers.
  segment.firstLookAt = state.now + Math.max(lookEveryMs, segment.able / 10);
  at(state, segment.firstLookAt, (later) => {
    segment.firstLookAt = undefined;
    if (later.jobs.get(segment.job.spec.job) !== segment.job) return;
    look(later, segment);
    watchFirstBlock(later, segment);
  });
}

/** Blocks that are done and wait for the first one. */
function behind({ committed }: Segment): number {
  return committed.size - committed.below;
}

function holdsUp(segment: Segment): boolean {
  return behind(segment) > 0 && segment.open.get(segment.committed.below)?.offered === true;
}

function look(state: SchedulerState, segment: Segment): void {
  const { job } = segment;
  if (!holdsUp(segment) || job.paused || job.committing >= state.settings.maxCommitting) return;
  for (const task of segment.open.get(segment.committed.below)?.parts ?? []) {
    if (task.committing !== undefined || task.attempts.length > 1) continue;
    const [attempt] = task.attempts;
    if (attempt === undefined) callForward(state, task);
    else if (isStandIn(attempt.worker) || attempt.worker.attempts.keys().next().value === attempt.number) double(state, attempt);
    else moveForward(state, attempt);
  }
}

/** Nobody has it, and whoever is free next would begin it behind what it has: it goes in front of that. */
function callForward(state: SchedulerState, task: Task): void {
  const next = soonest(state, task);
  if (next === undefined) return;
  const { segment } = task.of;
  let leftMs = Infinity;
  for (const worker of ableWorkers(state, segment)) {
    if (!isStandIn(worker) && mayTryAt(state, task, worker) === 0) leftMs = Math.min(leftMs, backlogMs(worker, state.now) + ownMs(segment, worker, task));
  }
  if (isMuchSooner(next, leftMs)) putFirst(state, task, next.worker);
}

/** It waits behind other blocks of its worker. */
function moveForward(state: SchedulerState, attempt: Attempt): void {
  const { worker, task } = attempt;
  const next = soonest(state, task);
  if (next === undefined) return;
  const [running, ...later] = worker.attempts.values();
  let leftMs = running === undefined ? 0 : restMs(state, running);
  for (const one of later) {
    leftMs += one.expectedMs;
    if (one === attempt) break;
  }
  if (!isMuchSooner(next, leftMs)) return;
  callBack(state, worker);
  putFirst(state, task, next.worker);
}

function isMuchSooner({ ms }: Soonest, leftMs: number): boolean {
  return leftMs > leastMs && leftMs > muchSooner * ms;
}

/** What a worker has not begun waits for anybody again, in the order of the blocks. */
function callBack(state: SchedulerState, worker: Worker): void {
  const [, ...later] = worker.attempts.values();
  revoke(state, later, "moved");
  for (const attempt of later) loseAttempt(state, attempt);
}

/** It is next, and what else waits in front goes with it. */
function putFirst(state: SchedulerState, task: Task, worker: Worker): void {
  callBack(state, worker);
  const { segment } = task.of;
  if (task.place !== "ready") return grant(state, worker, segment, [task]);
  const { blocks, workMs } = leaseLimit(state, worker, segment);
  grant(state, worker, segment, takeTasks(segment, worker, { blocks: Math.max(1, blocks), workMs, againAt: 0 }));
}

/**
 * It is computed: another worker runs it too where that is done in half the time. One with nothing else to do, if the first is late; any, if it is far late, or
 * if what is done behind it comes near to stopping the reading.
 */
function double(state: SchedulerState, attempt: Attempt): void {
  const { task, worker } = attempt;
  const { segment } = task.of;
  if (isSuspected(task.trouble)) return;
  const isFull = behind(segment) >= Math.max(fewBehind, segment.openOffered + segment.asked);
  if (!isFull && !isLate(state, attempt)) return;
  const next = soonest(state, task, worker);
  if (next === undefined || !isMuchSooner(next, restMs(state, attempt))) return;
  const far = isFarLate(state, attempt);
  if (next.worker.attempts.size > 0 && !isFull && !far) return;
  // What else it has would be held up next.
  if (far && !isStandIn(worker)) callBack(state, worker);
  callBack(state, next.worker);
  grant(state, next.worker, segment, [task], true);
}

function soonest(state: SchedulerState, task: Task, but?: Worker): Soonest | undefined {
  const { segment } = task.of;
  let best: Soonest | undefined;
  for (const worker of ableWorkers(state, segment)) {
    if (worker === but || worker.credit === 0 || isStandIn(worker) || isHeldUp(state, worker)) continue;
    if (excludedUntil(state, segment.job, worker) > 0 || mayTryAt(state, task, worker) > 0) continue;
    const [running] = worker.attempts.values();
    const ms = (running === undefined ? 0 : restMs(state, running)) + ownMs(segment, worker, task);
    if (best === undefined || ms < best.ms) best = { worker, ms };
  }
  return best;
}

function ownMs(segment: Segment, worker: Worker, { rows }: Task): number {
  return loadMs(segment, worker) + expectedMs(segment, worker, rows, meanMsPerRow(segment));
}
