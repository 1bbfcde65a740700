import type { LeasedTask, SchedulerEffect } from "./effects.ts";
import { isStandIn } from "./stand-ins.ts";
import { dequeue, enqueue } from "./queue.ts";
import { chargedMs, expectedMs, loadMs, meanMsPerRow } from "./rates.ts";
import { at, emit, leasedTask, type Attempt, type Lease, type SchedulerState, type Segment, type Task, type Worker } from "./state.ts";

/** Attempts of a task whose results are still welcome after their leases ended. */
const pastAttempts = 8;
/** Lends tasks of one segment to a worker. */
export function grant(state: SchedulerState, worker: Worker, segment: Segment, tasks: readonly Task[], duplicate = false): void {
  const { now } = state;
  const lease: Lease = { number: ++state.lastLease, open: tasks.length };
  const mean = meanMsPerRow(segment);
  if (worker.attempts.size === 0) worker.runningSince = now;
  let extraMs = worker.segment === segment ? 0 : loadMs(segment, worker);
  const leased: LeasedTask[] = [];
  for (const task of tasks) {
    dequeue(task);
    const ms = expectedMs(segment, worker, task.rows, mean);
    const attempt: Attempt = { number: ++state.lastAttempt, task, worker, lease, leasedAt: now, expectedMs: ms + extraMs, duplicate };
    extraMs = 0;
    task.attempts.push(attempt);
    worker.attempts.set(attempt.number, attempt);
    worker.queuedMs += attempt.expectedMs;
    // Time of machines elsewhere is shared out there.
    if (isStandIn(worker)) segment.lentTasks++;
    else segment.job.share += chargedMs(attempt) / segment.job.spec.weight;
    leased.push({ ...leasedTask(state, attempt), ...((task.apart || task.trouble !== undefined) && { apart: true }) });
  }
  if (duplicate) segment.duplicates += tasks.length;
  worker.leases.add(lease);
  worker.segment = segment;
  worker.refusedSince = undefined;
  segment.heldSince = undefined;
  watchExpiry(state, worker);
  emit(state, { kind: "lease", connection: worker.connection, lease: lease.number, leaseMs: leaseMsOf(state, worker), tasks: leased, duplicate });
}

/** An attempt is over, whatever came of it. */
export function endAttempt(state: SchedulerState, attempt: Attempt): void {
  const { worker, lease, task } = attempt;
  const [running] = worker.attempts.values();
  if (!worker.attempts.delete(attempt.number)) return;
  if (isStandIn(worker)) task.of.segment.lentTasks--;
  if (running === attempt) worker.runningSince = state.now;
  worker.queuedMs = worker.attempts.size === 0 ? 0 : worker.queuedMs - attempt.expectedMs;
  if (--lease.open === 0) worker.leases.delete(lease);
  task.attempts.splice(task.attempts.indexOf(attempt), 1);
  if (attempt.duplicate) task.of.segment.duplicates--;
  state.freed.add(worker);
}

/** Its result will still be known as its worker's own. */
export function rememberAttempt(attempt: Attempt): void {
  const { past } = attempt.task;
  past.push(attempt);
  if (past.length > pastAttempts) past.shift();
}

/** An attempt's lease ended without an answer: its task is offered again, and its result is still welcome. */
export function loseAttempt(state: SchedulerState, attempt: Attempt): void {
  const { task } = attempt;
  endAttempt(state, attempt);
  rememberAttempt(attempt);
  if (task.attempts.length === 0) enqueue(state, task);
}

/** One `revoke` for each connection. */
export function revoke(state: SchedulerState, attempts: Iterable<Attempt>, why: Extract<SchedulerEffect, { kind: "revoke" }>["why"]): void {
  const byConnection = new Map<string, LeasedTask[]>();
  for (const attempt of attempts) {
    const { status, connection } = attempt.worker;
    if (status === "gone") continue;
    const tasks = byConnection.get(connection);
    if (tasks === undefined) byConnection.set(connection, [leasedTask(state, attempt)]);
    else tasks.push(leasedTask(state, attempt));
  }
  for (const [connection, tasks] of byConnection) emit(state, { kind: "revoke", connection, tasks, why });
}

function leaseMsOf(state: SchedulerState, worker: Worker): number {
  return state.settings.leaseMs[worker.joined.host];
}

/** When a worker's leases end unless it is heard before. */
export function expiresAt(state: SchedulerState, worker: Worker): number {
  return worker.heardAt + leaseMsOf(state, worker);
}

/** One timer for each worker, which looks when it is due whether the worker was heard meanwhile. */
export function watchExpiry(state: SchedulerState, worker: Worker): void {
  if (worker.expiryTimer) return;
  worker.expiryTimer = true;
  at(state, expiresAt(state, worker), (later) => {
    worker.expiryTimer = false;
    if (worker.status === "gone" || worker.status === "silent") return;
    if (expiresAt(later, worker) > later.now) watchExpiry(later, worker);
    else later.overdue.add(worker);
  });
}
