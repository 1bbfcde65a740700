import { takeBeat, takeFailure, takeResult } from "./answers.ts";
import { abandonCommit, commitDecided, replay, retryCommit } from "./commits.ts";
import { dispatch, wake } from "./dispatch.ts";
import type { SchedulerEffect } from "./effects.ts";
import type { SchedulerEvent } from "./events.ts";
import { endInput, endJob, finishJobs, offerBlock, pauseJob, submitJob } from "./jobs.ts";
import { expiresAt, watchExpiry } from "./leases.ts";
import { borrowTask, withdrawTask } from "./borrowed-tasks.ts";
import { emit, type SchedulerState } from "./state.ts";
import { drain, fallSilent, hear, join, leave, ready } from "./workers.ts";

const toleratedDelayMs = 1_000;

/**
 * What is to be done after an event. `now` is of a monotonic clock: one that jumps back is taken to stand still.
 * The state is changed in place, and by nothing but what is given here: the same events at the same times give the same effects.
 */
export function schedule(state: SchedulerState, event: SchedulerEvent, now: number): readonly SchedulerEffect[] {
  state.now = Math.max(state.now, now);
  state.effects = [];
  forgiveOwnDelay(state);
  runTimers(state);
  handle(state, event);
  expireLeases(state);
  if (state.touched.size > 0) finishJobs(state);
  dispatch(state);
  if (event.kind === "tick") state.timerAt = Infinity;
  setTimer(state);
  return state.effects;
}

function handle(state: SchedulerState, event: SchedulerEvent): void {
  switch (event.kind) {
    case "job-submitted": return submitJob(state, event.spec);
    case "block-offered": return offerBlock(state, event);
    case "input-ended": return endInput(state, event);
    case "job-cancelled": {
      const job = state.jobs.get(event.job);
      return job && endJob(state, job, { kind: "job-cancelled", job: event.job });
    }
    case "job-paused": return pauseJob(state, event.job, true);
    case "job-resumed": return pauseJob(state, event.job, false);
    case "task-borrowed": return borrowTask(state, event);
    case "task-withdrawn": return withdrawTask(state, event.task);
    case "worker-joined": return join(state, event);
    case "connection-lost": {
      const worker = state.connections.get(event.connection);
      return worker && leave(state, worker);
    }
    case "ledger-replayed": return replay(state, event.task, event.entry);
    case "commit-won": return commitDecided(state, event.task);
    case "commit-lost": return commitDecided(state, event.task, event.winner);
    case "commit-abandoned": return abandonCommit(state, event.task, event.only);
    case "commit-unknown": return retryCommit(state, event.task);
    case "tick": return undefined;
    default: {
      const worker = hear(state, event.connection);
      // Of two connections of one worker the later may be seen first; the one that counts for nothing is closed, so that the worker comes again.
      if (worker === undefined) return emit(state, { kind: "close", connection: event.connection });
      if (event.kind === "result") return takeResult(state, worker, event);
      if (event.kind === "failed") return takeFailure(state, worker, event);
      if (event.kind === "beat") return takeBeat(state, worker, event);
      if (event.kind === "worker-ready") return ready(state, worker, event);
      return drain(state, worker, event.finishing);
    }
  }
}

/** Where nobody called for long after the time that was asked for, it was this process that stood still, and not its workers. */
function forgiveOwnDelay(state: SchedulerState): void {
  const lateMs = state.now - state.timerAt;
  if (lateMs > toleratedDelayMs) for (const worker of state.connections.values()) worker.heardAt += lateMs;
}

function expireLeases(state: SchedulerState): void {
  if (state.overdue.size === 0) return;
  for (const worker of state.overdue) {
    // The event at hand may be its beat.
    if (expiresAt(state, worker) > state.now) watchExpiry(state, worker);
    else fallSilent(state, worker);
  }
  state.overdue.clear();
}

function runTimers(state: SchedulerState): void {
  for (let timer = state.timers.peek(); timer !== undefined && timer.at <= state.now; timer = state.timers.peek()) {
    state.timers.pop();
    timer.due(state);
  }
  wake(state);
}

/** Asked for anew only where the next one is another. */
function setTimer(state: SchedulerState): void {
  const next = Math.min(state.timers.peek()?.at ?? Infinity, state.wakeAt);
  if (state.timerAt <= state.now) state.timerAt = Infinity;
  if (next === state.timerAt || next === Infinity) return;
  state.timerAt = next;
  emit(state, { kind: "set-timer", at: next });
}
