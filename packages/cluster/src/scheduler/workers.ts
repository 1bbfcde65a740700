import { classKeyOf, countAble, learnModel, setHungry } from "./classes.ts";
import type { SchedulerEvent, WorkerJoined } from "./events.ts";
import { joinedWithFirst } from "./joined-tasks.ts";
import { isQuiet } from "./lateness.ts";
import { loseAttempt, revoke, watchExpiry } from "./leases.ts";
import { isStandIn, touchAble } from "./stand-ins.ts";
import { vanishedWith } from "./poison.ts";
import type { Attempt, SchedulerState, Worker } from "./state.ts";

/** A worker comes, or comes again: by a new connection, which takes the place of the old one whether that was seen to end or not. */
export function join(state: SchedulerState, event: WorkerJoined): void {
  const known = state.workers.get(event.worker);
  if (known?.connection === event.connection && known.status !== "gone") return;
  if (known !== undefined) leave(state, known, false);
  const worker = known ?? newWorker(event);
  if (known !== undefined) state.gone--;
  // At the back of those that may be forgotten.
  state.workers.delete(event.worker);
  state.workers.set(event.worker, worker);
  Object.assign(worker, {
    joined: event, connection: event.connection, classKey: classKeyOf(event), credit: creditOf(state, event, event.credit),
    heardAt: state.now, segment: undefined, progress: undefined, refusedSince: undefined,
  });
  worker.models.clear();
  for (const hash of event.models) worker.models.add(hash);
  state.connections.set(event.connection, worker);
  if (isStandIn(worker)) state.standIns.add(worker);
  enliven(state, worker);
  watchExpiry(state, worker);
}

function newWorker(joined: WorkerJoined): Worker {
  return {
    name: joined.worker, joined, connection: joined.connection, classKey: "", status: "gone", credit: 0, models: new Set(), segment: undefined, leases: new Set(), attempts: new Map(),
    queuedMs: 0, runningSince: 0, heardAt: 0, expiryTimer: false, progress: undefined, refusedSince: undefined, presentedResults: 0,
  };
}

function creditOf(state: SchedulerState, { host, standsIn }: WorkerJoined, credit: number): number {
  if (standsIn === true) return Math.max(0, Math.floor(credit));
  return Math.max(1, Math.min(state.settings.maxCredit[host], Math.floor(credit) || 1));
}

/** Anything that a worker says proves that it is there. */
export function hear(state: SchedulerState, connection: string): Worker | undefined {
  const worker = state.connections.get(connection);
  if (worker === undefined) return undefined;
  if (isQuiet(state, worker) && worker.status === "live") state.freed.add(worker);
  worker.heardAt = state.now;
  if (worker.status === "silent") {
    enliven(state, worker);
    watchExpiry(state, worker);
  }
  return worker;
}

export function ready(state: SchedulerState, worker: Worker, { model, loadMs, credit, finishing = [] }: Extract<SchedulerEvent, { kind: "worker-ready" }>): void {
  if (credit === 0 && !isStandIn(worker)) return rest(state, worker, finishing);
  if (credit !== undefined) {
    worker.credit = creditOf(state, worker.joined, credit);
    if (isStandIn(worker)) touchAble(state, worker);
    if (worker.status === "idle") {
      enliven(state, worker);
      watchExpiry(state, worker);
    }
  }
  if (model !== undefined) {
    if (loadMs !== undefined) learnLoading(state, worker, model, loadMs);
    learnModel(state, worker, model);
    // Loading is not counted against its rate.
    if (worker.attempts.size > 0) worker.runningSince = state.now;
  }
  if (worker.status === "live") state.freed.add(worker);
}

/** What loading takes: by the word of one who had not loaded it and was leased something that needs it, and no longer than since that lease. */
function learnLoading(state: SchedulerState, worker: Worker, model: string, saidMs: number): void {
  if (worker.models.has(model)) return;
  for (const { leasedAt, task } of worker.attempts.values()) {
    if (task.of.segment.spec.needs.model?.hash !== model) continue;
    const loadMs = Math.min(saidMs, state.now - leasedAt);
    for (const job of state.jobs.values()) for (const segment of job.segments) if (segment.spec.needs.model?.hash === model) segment.loadMs = (segment.loadMs + loadMs) / 2;
    return;
  }
}

/** It was stopped by whoever it belongs to: that is nobody's failure, and others do what it does not finish. */
function rest(state: SchedulerState, worker: Worker, finishing: readonly number[]): void {
  if (worker.status !== "live") return;
  retire(state, worker);
  worker.status = "idle";
  const givenBack = [...worker.attempts.values()].filter(({ number }) => !finishing.includes(number));
  revoke(state, givenBack, "moved");
  for (const attempt of givenBack) loseAttempt(state, attempt);
}

/** It takes no more, and what it does not finish is offered again at once. */
export function drain(state: SchedulerState, worker: Worker, finishing: readonly number[]): void {
  if (worker.status === "live") retire(state, worker);
  worker.status = "draining";
  for (const attempt of worker.attempts.values()) if (!finishing.includes(attempt.number)) loseAttempt(state, attempt);
}

/** It has not been heard for longer than its leases: they end. Should it be heard again, its results are still welcome. */
export function fallSilent(state: SchedulerState, worker: Worker): void {
  const held = [...worker.attempts.values()];
  if (worker.status === "live") retire(state, worker);
  if (worker.status === "live") worker.status = "silent";
  revoke(state, held, "expired");
  loseAll(state, worker, held);
}

/** Its connection is gone: what it had is offered again at once. */
export function leave(state: SchedulerState, worker: Worker, forgets = true): void {
  if (worker.status === "gone") return;
  if (worker.status === "live") retire(state, worker);
  worker.status = "gone";
  state.connections.delete(worker.connection);
  state.standIns.delete(worker);
  state.gone++;
  forgetResults(state, worker);
  loseAll(state, worker, [...worker.attempts.values()]);
  if (forgets) {
    state.workers.delete(worker.name);
    state.workers.set(worker.name, worker);
    if (state.gone > state.settings.rememberedWorkers) forgetOldest(state);
  }
}

function loseAll(state: SchedulerState, worker: Worker, attempts: readonly Attempt[]): void {
  const [running] = attempts;
  // Which of those that it computed together was its end nobody can tell.
  for (const { task } of joinedWithFirst(worker)) task.apart = true;
  for (const attempt of attempts) loseAttempt(state, attempt);
  if (running !== undefined) vanishedWith(state, running.task, worker);
}

/** What it held without an answer can't be fetched from it now. It presents it again when it is back. */
function forgetResults(state: SchedulerState, worker: Worker): void {
  if (worker.presentedResults === 0) return;
  for (const job of state.jobs.values()) {
    for (const { presented } of job.segments) {
      for (const [block, all] of presented) {
        const left = all.filter((one) => one.worker !== worker);
        if (left.length > 0) presented.set(block, left);
        else presented.delete(block);
      }
    }
  }
  worker.presentedResults = 0;
}

function enliven(state: SchedulerState, worker: Worker): void {
  worker.status = "live";
  state.live.add(worker);
  countAble(state, worker, 1);
  state.freed.add(worker);
}

/** No more is leased to it, and no plan counts on it. */
function retire(state: SchedulerState, worker: Worker): void {
  countAble(state, worker, -1);
  state.live.delete(worker);
  state.waiting.delete(worker);
  setHungry(state, worker, false);
  // Those that wait for others to finish may have to step in.
  for (const other of state.waiting) state.freed.add(other);
}

function forgetOldest(state: SchedulerState): void {
  for (const worker of state.workers.values()) {
    if (worker.status !== "gone") continue;
    state.workers.delete(worker.name);
    state.gone--;
    for (const job of state.jobs.values()) {
      job.strikes.delete(worker.name);
      for (const segment of job.segments) segment.rates.delete(worker);
    }
    return;
  }
}
