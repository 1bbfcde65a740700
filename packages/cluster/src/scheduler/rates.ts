import { isAble, isWarm, recount } from "./classes.ts";
import type { Attempt, Rate, SchedulerState, Segment, Worker } from "./state.ts";

/** Older rows count half as much with every so many tasks: enough to smooth, few enough to notice a machine that gets hot. */
const fading = 0.8;

/** A task that took so much less than it should came at once with the one before: both were computed together, and are one sample. More in a row than a few are a machine that became faster. */
const atOnce = { times: 10, most: 4 };

/** Milliseconds a row takes this worker; undefined until it has shown any. */
export function msPerRow(segment: Segment, worker: Worker): number | undefined {
  const rate = segment.rates.get(worker);
  return rate === undefined || rate.rows === 0 ? undefined : rate.ms / rate.rows;
}

/** What it takes the workers of this segment on average; undefined until one has shown it. */
export function meanMsPerRow(segment: Segment): number | undefined {
  return segment.totalRate > 0 ? segment.rated / segment.totalRate : undefined;
}

/** What a first task is taken to cost, before anything is known. */
const unknownMs = 5_000;

/** What an attempt costs its job's share until it is known. */
export function chargedMs({ expectedMs: expected }: Attempt): number {
  return expected > 0 ? expected : unknownMs;
}

/** A worker's time as the gateway sees it, from the answer before this one or from its lease: nothing is taken on trust. */
export function measure(state: SchedulerState, attempt: Attempt): void {
  const { worker, task } = attempt;
  const { segment } = task.of;
  const ms = Math.max(0.01, state.now - worker.runningSince);
  segment.job.share += (ms - chargedMs(attempt)) / segment.job.spec.weight;
  const old = segment.rates.get(worker);
  const together = old !== undefined && atOnce.times * ms * old.rows < old.ms * task.rows ? (old.together ?? 0) + 1 : 0;
  const kept = together > 0 && together <= atOnce.most ? 1 : fading;
  const rate: Rate = old === undefined || old.provisional ? { rows: task.rows, ms, provisional: false, counted: old?.counted ?? 0 } : { rows: old.rows * kept + task.rows, ms: old.ms * kept + ms, provisional: false, counted: old.counted, together };
  segment.rates.set(worker, rate);
  recount(segment, rate, state.live.has(worker));
}

/** Another was done first with what a worker computes: it takes at least so long. */
export function measureOvertaken(state: SchedulerState, { worker, task }: Attempt): void {
  const { segment } = task.of;
  const old = segment.rates.get(worker);
  const ms = state.now - worker.runningSince;
  if (old === undefined || old.provisional || ms / task.rows <= old.ms / old.rows) return;
  const rate: Rate = { rows: old.rows * fading + task.rows, ms: old.ms * fading + ms, provisional: false, counted: old.counted };
  segment.rates.set(worker, rate);
  recount(segment, rate, state.live.has(worker));
}

/** A first guess, while a slow worker is still at its first task. */
export function measureBeat(state: SchedulerState, attempt: Attempt, rowsDone: number): void {
  const { worker, task: { of: { segment } } } = attempt;
  const old = segment.rates.get(worker);
  const ms = state.now - worker.runningSince;
  if (rowsDone <= 0 || ms <= 0 || (old !== undefined && !old.provisional)) return;
  const rate: Rate = { rows: rowsDone, ms, provisional: true, counted: old?.counted ?? 0 };
  segment.rates.set(worker, rate);
  recount(segment, rate, state.live.has(worker));
}

/** Milliseconds until a worker is through with what it has. */
export function backlogMs(worker: Worker, now: number): number {
  const [running] = worker.attempts.values();
  if (running === undefined) return 0;
  return Math.max(0, worker.queuedMs - Math.min(now - worker.runningSince, running.expectedMs));
}

/** What a task is expected to take a worker: by its own rate, or the mean of all. 0 where nothing is known. */
export function expectedMs(segment: Segment, worker: Worker, rows: number, mean?: number): number {
  return rows * (msPerRow(segment, worker) ?? mean ?? 0);
}

export function loadMs(segment: Segment, worker: Worker): number {
  return isWarm(worker, segment) ? 0 : segment.loadMs;
}

/** Able, and of known or guessed rate: for planning over all of them. */
export function* ableWorkers(state: SchedulerState, segment: Segment): Generator<Worker, void, undefined> {
  for (const worker of state.live) if (isAble(worker, segment.spec.needs)) yield worker;
}
