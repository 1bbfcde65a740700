import { meanMsPerRow, msPerRow } from "./rates.ts";
import { isStandIn } from "./stand-ins.ts";
import type { Attempt, SchedulerState, Worker } from "./state.ts";

/** Who takes so many times what it should at its own rate is late. */
export const late = 1.5;
/** Something holds it up: asleep, throttled, out of reach. */
const farLate = { times: 3, ms: 5_000 };
/** Another gets a task, or runs it too, where it would be done so many times sooner. */
export const muchSooner = 2;
/** Of a task on its way through other machines, before any came back. */
export const unknownLatencyMs = 2_000;

/** For how long the first of a worker's attempts has been computed; one that stands for many computes all of them. */
export function elapsedMs({ now }: SchedulerState, { worker, leasedAt }: Attempt): number {
  return now - (isStandIn(worker) ? leasedAt : worker.runningSince);
}

/** What an attempt takes its worker: of one that has shown nothing yet, four times what others take. */
export function takesMs({ worker, expectedMs: planned, task }: Attempt): number {
  const { of: { segment }, rows } = task;
  if (isStandIn(worker)) return worker.pace?.latencyMs ?? unknownLatencyMs;
  const own = msPerRow(segment, worker);
  return Math.max(planned, own === undefined ? 4 * (meanMsPerRow(segment) ?? 0) * rows : own * rows);
}

export function isLate(state: SchedulerState, attempt: Attempt): boolean {
  return elapsedMs(state, attempt) > late * takesMs(attempt);
}

export function isFarLate(state: SchedulerState, attempt: Attempt): boolean {
  const elapsed = elapsedMs(state, attempt);
  return (elapsed > farLate.ms && elapsed > farLate.times * takesMs(attempt)) || (isQuiet(state, attempt.worker) && isLate(state, attempt));
}

/** Not heard for as long as would cost a machine its leases: a tab keeps them for longer, and gets no others meanwhile. */
export function isQuiet({ now, settings }: SchedulerState, worker: Worker): boolean {
  return !isStandIn(worker) && now - worker.heardAt >= settings.leaseMs.machine;
}

/** Until the first of a worker's attempts is done: one that is late is taken to need as long again. */
export function restMs(state: SchedulerState, attempt: Attempt): number {
  const elapsed = elapsedMs(state, attempt);
  return isLate(state, attempt) ? elapsed : Math.max(0, takesMs(attempt) - elapsed);
}

/** Whether a worker is quiet, or far late with what it computes: until it is heard, or that is done, nothing more is leased to it. */
export function isHeldUp(state: SchedulerState, worker: Worker): boolean {
  if (isStandIn(worker)) return false;
  if (isQuiet(state, worker)) return true;
  const [running] = worker.attempts.values();
  return running !== undefined && msPerRow(running.task.of.segment, worker) !== undefined && isFarLate(state, running);
}
