import { ableWorkers, backlogMs, loadMs, meanMsPerRow, msPerRow } from "./rates.ts";
import type { SchedulerState, Segment, Worker } from "./state.ts";

/**
 * When everything that waits can be done at the earliest: the least T such that workers of the rates that were measured, each after its
 * backlog and the loading of its model, complete as many whole blocks until T as there are. Near the end nobody is leased what it would
 * finish after T: a phone that took the last block would have a hundred fast machines wait for it.
 * Undefined where the end is not in sight or no rate is known.
 */
export function finishLine(state: SchedulerState, segment: Segment): number | undefined {
  const { now } = state;
  const known = segment.finish;
  if (known !== undefined && now < known.validUntil && known.able === segment.able) return known.at;
  segment.finish = undefined;
  const blocks = blocksLeft(segment);
  const mean = meanMsPerRow(segment);
  if (blocks === undefined || mean === undefined || segment.able === 0) return undefined;
  const at = now + earliestFinish(state, segment, blocks, mean);
  // T stays where it is while all goes as planned: planned again each time a twentieth of the way is gone.
  segment.finish = { at, validUntil: now + (at - now) / 20, able: segment.able };
  return at;
}

function earliestFinish(state: SchedulerState, segment: Segment, blocks: number, mean: number): number {
  const rows = rowsPerBlock(segment);
  const starts: number[] = [];
  const each: number[] = [];
  for (const worker of ableWorkers(state, segment)) {
    starts.push(backlogMs(worker, state.now) + loadMs(segment, worker));
    each.push(Math.max(0.001, rows * (msPerRow(segment, worker) ?? mean)));
  }
  const doneBy = (time: number): number => {
    let done = 0;
    for (let at = 0; at < starts.length; at++) {
      const left = time - (starts[at] as number);
      if (left > 0) done += Math.floor(left / (each[at] as number));
    }
    return done;
  };
  let high = Math.max(1, (blocks * rows) / segment.totalRate);
  while (high < Infinity && doneBy(high) < blocks) high *= 2;
  let low = 0;
  while (high - low > 0.001 * high) {
    const middle = (low + high) / 2;
    if (doneBy(middle) >= blocks) high = middle;
    else low = middle;
  }
  return high;
}

/** Blocks that nobody has yet; undefined while the input's end is not known. */
function blocksLeft(segment: Segment): number | undefined {
  const total = segment.total ?? segment.spec.expectedBlocks;
  return total === undefined ? undefined : segment.readyTasks + Math.max(0, total - segment.offered);
}

export function rowsPerBlock(segment: Segment): number {
  if (segment.readyTasks > 0) return segment.readyRows / segment.readyTasks;
  return segment.offered > 0 ? segment.offeredRows / segment.offered : 1;
}

/** How many blocks a worker would complete by the finish line; one that was refused for as long as one takes it gets it all the same. */
export function blocksUntil(state: SchedulerState, segment: Segment, worker: Worker, finish: number): number {
  const each = rowsPerBlock(segment) * (msPerRow(segment, worker) ?? meanMsPerRow(segment) ?? 0);
  if (each === 0) return 1;
  const fit = Math.floor((finish - state.now - backlogMs(worker, state.now) - loadMs(segment, worker)) / each + 0.05);
  const waited = worker.refusedSince !== undefined && state.now - worker.refusedSince >= each;
  return Math.max(fit, waited ? 1 : 0);
}
