import { waitsForModelUntil } from "./affinity.ts";
import { isAble, isScarcer } from "./classes.ts";
import { excludedUntil, mayTryAt } from "./exclusion.ts";
import { isHeldUp } from "./lateness.ts";
import { leaseLimit, type LeaseLimit } from "./lease-size.ts";
import { isStandIn, lendingLimit } from "./stand-ins.ts";
import { msPerRow } from "./rates.ts";
import type { Job, SchedulerState, Segment, Task, Worker } from "./state.ts";

/** Troubled tasks that are looked at for one worker. */
const troubledLooks = 64;

/** What a worker is to do next: a troubled task alone, or tasks from the front of a queue. */
export interface Choice {
  readonly segment: Segment;
  readonly troubled: Task | undefined;
  readonly limit: LeaseLimit;
}

/** There is nothing for it now: until a time, or (Infinity) until something happens; or it is to show its rate first. */
export interface Nothing {
  readonly againAt: number;
  readonly probing: boolean;
  readonly refused: boolean;
}

/**
 * Which segment a free worker goes to. By priority; then to the job that had the least worker time for its weight, which also gives a
 * scarce GPU to the job that can use nothing else, for the other one has had its share of CPUs; in a job to what the fewest can do.
 */
export function choose(state: SchedulerState, worker: Worker): Choice | Nothing {
  // It is asked again when it has answered, or is lost.
  if (isHeldUp(state, worker)) return { againAt: Infinity, probing: true, refused: false };
  let best: Choice | undefined;
  /** The job that goes before all others seen so far: that of `best`, or one that is being tried. */
  let first: Job | undefined;
  let againAt = Infinity;
  let [probing, refused] = [false, false];
  for (const job of state.jobs.values()) {
    if (job.paused || job.committing >= state.settings.maxCommitting) continue;
    if (first !== undefined && !goesBefore(job, first, worker)) continue;
    const until = excludedUntil(state, job, worker);
    if (until > 0 && job.segments.some((segment) => segment.readyTasks > 0)) againAt = Math.min(againAt, until);
    if (until > 0) continue;
    for (const segment of job.segments) {
      if (segment.readyTasks === 0 || !isAble(worker, segment.spec.needs)) continue;
      if (best?.segment.job === job && !isScarcer(segment, best.segment)) continue;
      if (isTrying(worker, segment)) {
        probing = true;
        // Meanwhile it takes nothing of those that come after: with their work before it, it would always have some, and this job none.
        if (first !== job) [first, best] = [job, undefined];
        continue;
      }
      const found = lookInto(state, worker, segment);
      if ("segment" in found) [first, best] = [job, found];
      else {
        againAt = Math.min(againAt, found.againAt);
        refused ||= found.refused;
      }
    }
  }
  return best ?? { againAt, probing, refused };
}

/** It has a task of the segment and no rate yet: how many more it should have is not known. */
function isTrying(worker: Worker, segment: Segment): boolean {
  if (worker.attempts.size === 0 || isStandIn(worker) || msPerRow(segment, worker) !== undefined) return false;
  for (const { task } of worker.attempts.values()) if (task.of.segment === segment) return true;
  return false;
}

function lookInto(state: SchedulerState, worker: Worker, segment: Segment): Choice | Nothing {
  let againAt = Infinity;
  let looks = 0;
  for (const task of segment.troubled) {
    if (++looks > troubledLooks) break;
    const at = mayTryAt(state, task, worker);
    if (at === 0) return { segment, troubled: task, limit: { blocks: 1, workMs: Infinity, againAt: 0 } };
    againAt = Math.min(againAt, at);
  }
  // Those that nobody could take go to the back, so that the others get their turn.
  if (looks > troubledLooks) {
    for (const task of [...segment.troubled].slice(0, troubledLooks)) {
      segment.troubled.delete(task);
      segment.troubled.add(task);
    }
  }
  if (segment.readyTasks === segment.troubled.size) return { againAt, probing: false, refused: false };
  const warmAt = waitsForModelUntil(state, worker, segment);
  if (warmAt > 0) return { againAt: Math.min(againAt, warmAt), probing: false, refused: false };
  const limit = isStandIn(worker) ? lendingLimit(state, worker, segment) : leaseLimit(state, worker, segment);
  if (limit.blocks === 0) return { againAt: Math.min(againAt, limit.againAt), probing: false, refused: true };
  return { segment, troubled: undefined, limit };
}

/** A worker stays with the model that it has loaded while that job is ahead of its share by no more than a lease for each of its workers. */
function goesBefore(a: Job, b: Job, worker: Worker): boolean {
  if (a.spec.priority !== b.spec.priority) return a.spec.priority > b.spec.priority;
  return a.share + switching(a, worker) < b.share + switching(b, worker);
}

function switching(job: Job, worker: Worker): number {
  const { segment } = worker;
  if (segment === undefined || segment.job === job) return 0;
  const cold = job.segments.some(({ spec: { needs } }) => needs.model !== undefined && !worker.models.has(needs.model.hash));
  return cold ? (Math.max(1, segment.able) * Math.max(...job.segments.map((one) => one.loadMs))) / job.spec.weight : 0;
}

/** A job that starts, or has slept, begins where the others are: time that it did not ask for is not owed to it. */
export function joinShares(state: SchedulerState, job: Job): void {
  let least = Infinity;
  for (const other of state.jobs.values()) if (other !== job && other.spec.priority === job.spec.priority && other.segments.some((segment) => segment.open.size > 0)) least = Math.min(least, other.share);
  if (least !== Infinity) job.share = Math.max(job.share, least);
}
