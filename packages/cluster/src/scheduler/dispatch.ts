import { askForBlocks } from "./back-pressure.ts";
import { hungryFor, isAnyHungry, setHungry } from "./classes.ts";
import { watchEndGame } from "./end-game.ts";
import { watchFirstBlock } from "./first-block.ts";
import { grant } from "./leases.ts";
import { takeTasks } from "./lease-size.ts";
import { isStandIn } from "./stand-ins.ts";
import { recallFor } from "./recall.ts";
import { choose } from "./sharing.ts";
import type { SchedulerState, Worker } from "./state.ts";

/** Workers that wait are asked again no more often than this, however many blocks come. */
const wakeEveryMs = 50;

/** After an event: those with room are leased more, what is new is leased to those who hunger, the drivers are asked for what is missing. */
export function dispatch(state: SchedulerState): void {
  const standIns: Worker[] = [];
  if (state.fresh.size > 0) for (const segment of state.fresh) state.touched.add(segment);
  if (state.freed.size > 0) {
    // Stand-ins get what is left over.
    for (const worker of state.freed) if (!isStandIn(worker)) fill(state, worker);
    for (const worker of state.freed) if (isStandIn(worker)) standIns.push(worker);
    state.freed.clear();
  }
  if (state.fresh.size > 0) serveHungry(state, standIns);
  for (const standIn of standIns) fill(state, standIn);
  // What was called back for them, and they did not take.
  if (standIns.length > 0 && state.freed.size > 0) return dispatch(state);
  if (state.touched.size === 0) return;
  for (const segment of state.touched) {
    if (state.jobs.get(segment.job.spec.job) !== segment.job) continue;
    askForBlocks(state, segment);
    watchEndGame(state, segment);
    watchFirstBlock(state, segment);
  }
  state.touched.clear();
}

/** What is new goes to those that wait for it. */
function serveHungry(state: SchedulerState, standIns: Worker[]): void {
  for (const segment of state.fresh) {
    if (segment.readyTasks > 0 && isAnyHungry(state)) for (const worker of hungryFor(state, segment)) {
      if (isStandIn(worker)) {
        if (!standIns.includes(worker)) standIns.push(worker);
        continue;
      }
      fill(state, worker);
      if (segment.readyTasks === 0) break;
    }
    if (segment.readyTasks > 0 && state.waiting.size > 0) wakeAt(state, state.now + wakeEveryMs);
  }
  state.fresh.clear();
}

/** Leases to a worker until it has no room, or there is nothing for it. */
function fill(state: SchedulerState, worker: Worker): void {
  state.waiting.delete(worker);
  let hungry = false;
  if (isStandIn(worker) && state.live.has(worker) && worker.attempts.size < worker.credit) recallFor(state, worker);
  while (state.live.has(worker) && (isStandIn(worker) ? worker.attempts.size : worker.leases.size) < worker.credit) {
    const choice = choose(state, worker);
    if ("segment" in choice) {
      const { segment, troubled, limit } = choice;
      grant(state, worker, segment, troubled === undefined ? takeTasks(segment, worker, limit) : [troubled]);
      state.touched.add(segment);
      // To the back of those that hunger, so that all get their turn.
      setHungry(state, worker, false);
      continue;
    }
    if (choice.refused && worker.attempts.size === 0) worker.refusedSince ??= state.now;
    if (choice.againAt < Infinity) {
      state.waiting.add(worker);
      wakeAt(state, choice.againAt);
    } else {
      hungry = !choice.probing;
    }
    break;
  }
  // One that stays hungry stays where it is: those that hunger are walked while this changes them.
  setHungry(state, worker, hungry);
}

function wakeAt(state: SchedulerState, time: number): void {
  state.wakeAt = Math.min(state.wakeAt, time);
}

/** Those that were kept waiting are asked again. */
export function wake(state: SchedulerState): void {
  if (state.now < state.wakeAt) return;
  state.wakeAt = Infinity;
  for (const worker of state.waiting) state.freed.add(worker);
}
