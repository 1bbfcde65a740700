import { ableWorkers } from "./rates.ts";
import type { TaskId } from "./events.ts";
import { findTask, segmentOf, type Job, type SchedulerState, type Segment, type Strikes, type Task, type Trouble, type Worker } from "./state.ts";

/** How long the answer to "is there anybody else?" holds. */
const othersMs = 500;

/** A worker failed at a job. At the third failure in short order it gets no more of it for a while, longer each time. */
export function strike(state: SchedulerState, job: Job, worker: Worker): void {
  const { settings, now } = state;
  const known = job.strikes.get(worker.name);
  const strikes: Strikes = known ?? { count: 0, at: now, excludedUntil: 0, times: 0 };
  fade(state, strikes);
  strikes.count++;
  // What was struck a moment ago has faded a little.
  if (strikes.count > settings.strikes - 0.5) {
    strikes.excludedUntil = now + Math.min(settings.maxExcludeMs, settings.excludeMs * 2 ** strikes.times++);
    // The next failure after that excludes it again.
    strikes.count = settings.strikes - 1;
  }
  job.strikes.set(worker.name, strikes);
}

/** It was the block's fault. */
export function forgive(state: SchedulerState, job: Job, worker: Worker): void {
  const strikes = job.strikes.get(worker.name);
  if (strikes === undefined) return;
  fade(state, strikes);
  strikes.count = Math.max(0, strikes.count - 1);
  if (strikes.excludedUntil > state.now) {
    strikes.excludedUntil = 0;
    strikes.times = Math.max(0, strikes.times - 1);
    state.freed.add(worker);
  }
}

function fade(state: SchedulerState, strikes: Strikes): void {
  const halvings = (state.now - strikes.at) / state.settings.strikeHalfLifeMs;
  strikes.count = halvings > 0 ? strikes.count * 0.5 ** halvings : strikes.count;
  if (halvings > 4) strikes.times = 0;
  strikes.at = state.now;
}

/** Until when a worker gets nothing of a job; 0 if it does. */
export function excludedUntil(state: SchedulerState, job: Job, worker: Worker): number {
  const until = job.strikes.get(worker.name)?.excludedUntil ?? 0;
  return until > state.now ? until : 0;
}

/** A task that one worker vanished with was in bad company; with two it is suspected. */
const suspiciousLosses = 2;

export function isSuspected(trouble: Trouble | undefined): trouble is Trouble {
  return trouble !== undefined && (trouble.failures > 0 || trouble.badResults > 0 || trouble.losses >= suspiciousLosses);
}

/** One that failed at a task or vanished with it, or has no more memory than one for which it was too little. */
function isBarred(trouble: Trouble, worker: Worker): boolean {
  if (!isSuspected(trouble)) return false;
  return trouble.failedBy.has(worker) || trouble.lostBy.has(worker) || trouble.badResultsBy.has(worker) || worker.joined.memoryBytes <= trouble.memoryFloor;
}

/** Whether somebody is there who may still prove the task good. */
export function hasOthers(state: SchedulerState, segment: Segment, trouble: Trouble): boolean {
  if (trouble.others !== undefined && trouble.others.until > state.now) return trouble.others.any;
  let any = false;
  for (const worker of ableWorkers(state, segment)) {
    if (isBarred(trouble, worker)) continue;
    any = true;
    break;
  }
  trouble.others = { any, until: state.now + othersMs };
  return any;
}

/** Who else is there that could do a task and has not failed at it: one who is no stranger, strangers alone, or nobody. */
export function whoElse(state: SchedulerState, id: TaskId, but: Worker | undefined): "trusted" | "strangers" | "nobody" {
  const segment = segmentOf(state, id);
  const trouble = segment && findTask(segment, id)?.trouble;
  let found: "strangers" | "nobody" = "nobody";
  if (segment === undefined) return found;
  for (const worker of ableWorkers(state, segment)) {
    if (worker === but || (trouble !== undefined && isBarred(trouble, worker))) continue;
    if (worker.joined.volunteer !== true) return "trusted";
    found = "strangers";
  }
  return found;
}

/** Whether a worker of some kind is there and could do a task: it has not failed at it, and is not excluded from its job. */
export function couldDo(state: SchedulerState, id: TaskId, isOne: (worker: Worker) => boolean): boolean {
  const segment = segmentOf(state, id);
  if (segment === undefined) return false;
  const trouble = findTask(segment, id)?.trouble;
  for (const worker of ableWorkers(state, segment)) {
    if (isOne(worker) && !(trouble !== undefined && isBarred(trouble, worker)) && excludedUntil(state, segment.job, worker) === 0) return true;
  }
  return false;
}

/** Whether a worker of some kind is at a segment's tasks, or free for those that wait or are about to come. */
export function willAnswer(state: SchedulerState, { job, segment: index }: Pick<TaskId, "job" | "segment">, isOne: (worker: Worker) => boolean): boolean {
  const segment = state.jobs.get(job)?.segments[index];
  if (segment === undefined) return false;
  for (const worker of ableWorkers(state, segment)) {
    if (!isOne(worker)) continue;
    for (const { task } of worker.attempts.values()) if (task.of.segment === segment) return true;
    const hasMore = segment.readyTasks > 0 || (segment.total === undefined && segment.asked > 0);
    if (hasMore && worker.attempts.size === 0 && excludedUntil(state, segment.job, worker) === 0) return true;
  }
  return false;
}

/** When a worker may try a task: now (0), at a time, or never as long as there are others (Infinity). */
export function mayTryAt(state: SchedulerState, task: Task, worker: Worker): number {
  const { trouble } = task;
  if (trouble === undefined || !isBarred(trouble, worker)) return 0;
  if (hasOthers(state, task.of.segment, trouble)) return state.now + othersMs;
  return trouble.againAt > state.now ? trouble.againAt : 0;
}
