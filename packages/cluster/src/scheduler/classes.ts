import type { SegmentNeeds, WorkerJoined } from "./events.ts";
import type { SchedulerState, Segment, Worker } from "./state.ts";

/** Whether a worker has what a segment needs. Nothing is ever leased to one that has not. */
export function isAble(worker: Pick<Worker, "joined">, needs: SegmentNeeds): boolean {
  return isOfKind(worker, needs) && isLargeEnough(worker, needs);
}

/** What is the same for all workers of a class. */
function isOfKind({ joined }: Pick<Worker, "joined">, { devices, runsCode, trusted }: SegmentNeeds): boolean {
  if (trusted === true && joined.volunteer === true) return false;
  if (runsCode === true && joined.runsCode !== true) return false;
  return devices.length === 0 || devices.some((device) => joined.devices.includes(device));
}

/** Whether one actor fits. */
function isLargeEnough({ joined }: Pick<Worker, "joined">, { memoryBytes, cpus = 0, gpus = 0 }: SegmentNeeds): boolean {
  return joined.memoryBytes >= memoryBytes && (joined.cpus ?? Infinity) >= cpus && (joined.gpus ?? Infinity) >= gpus;
}

/** Workers of one class are of one kind: where one lacks what is needed, none of the others is asked. */
export function classKeyOf({ devices, runsCode, volunteer }: WorkerJoined): string {
  return [...devices].sort().join(" ") + (runsCode === true ? " code" : "") + (volunteer === true ? " volunteer" : "");
}

/** Counts a worker in, or out, with every segment that it can do. */
export function countAble(state: SchedulerState, worker: Worker, by: 1 | -1): void {
  for (const job of state.jobs.values()) for (const segment of job.segments) countAbleFor(segment, worker, by);
}

export function countAbleFor(segment: Segment, worker: Worker, by: 1 | -1): void {
  if (!isAble(worker, segment.spec.needs)) return;
  segment.able += by;
  if (isWarm(worker, segment)) segment.warm += by;
  const rate = segment.rates.get(worker);
  if (rate !== undefined) recount(segment, rate, by > 0);
}

export function recount(segment: Segment, rate: { rows: number; ms: number; counted: number }, counts: boolean): void {
  const now = counts && rate.ms > 0 ? rate.rows / rate.ms : 0;
  segment.rated += Number(now > 0) - Number(rate.counted > 0);
  segment.totalRate = segment.rated === 0 ? 0 : Math.max(0, segment.totalRate + now - rate.counted);
  rate.counted = now;
}

export function isWarm(worker: Worker, segment: Segment): boolean {
  const { model } = segment.spec.needs;
  return model === undefined || worker.models.has(model.hash);
}

/** A worker is known to have a model from now on. */
export function learnModel(state: SchedulerState, worker: Worker, hash: string): void {
  if (worker.models.has(hash)) return;
  worker.models.add(hash);
  if (!state.live.has(worker)) return;
  for (const job of state.jobs.values()) {
    for (const segment of job.segments) if (segment.spec.needs.model?.hash === hash && isAble(worker, segment.spec.needs)) segment.warm++;
  }
}

/**
 * Whether `a` goes before `b` for a worker that can do both, in one job: what fewer workers can do goes first, so that a GPU does what
 * only GPUs can while CPUs do the rest; then what is nearer to the end, so that blocks leave the house.
 */
export function isScarcer(a: Segment, b: Segment): boolean {
  return a.able === b.able ? a.index > b.index : a.able < b.able;
}

/** Whether it would take more work than it has. */
export function setHungry(state: SchedulerState, worker: Worker, hungry: boolean): void {
  let ofClass = state.hungry.get(worker.classKey);
  if (!hungry) {
    ofClass?.delete(worker);
    return;
  }
  if (ofClass === undefined) state.hungry.set(worker.classKey, (ofClass = new Set()));
  ofClass.add(worker);
}

export function isAnyHungry(state: SchedulerState): boolean {
  for (const workers of state.hungry.values()) if (workers.size > 0) return true;
  return false;
}

/** The hungry workers that may be able: of each class all or none. */
export function* hungryFor(state: SchedulerState, segment: Segment): Generator<Worker, void, undefined> {
  for (const workers of state.hungry.values()) {
    const [one] = workers;
    if (one !== undefined && isOfKind(one, segment.spec.needs)) yield* workers;
  }
}
