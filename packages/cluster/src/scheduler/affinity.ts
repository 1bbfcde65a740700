import { isWarm } from "./classes.ts";
import type { SchedulerState, Segment, Worker } from "./state.ts";

/** A load is not worth more than this part of itself in waiting. */
const partOfLoad = 0.1;

/**
 * Delay scheduling: until when a worker that would first have to load the model leaves a block to those that have it; 0 if it need not.
 * Nobody waits where there is more to do than those could do before it had loaded: else no fleet would ever grow warm.
 */
export function waitsForModelUntil(state: SchedulerState, worker: Worker, segment: Segment): number {
  if (isWarm(worker, segment) || segment.warm === 0) return 0;
  // Rows that those of known rate would do while this one loads.
  if (segment.totalRate > 0 && segment.readyRows > segment.totalRate * segment.loadMs) return 0;
  segment.heldSince ??= state.now;
  const until = segment.heldSince + Math.min(state.settings.affinityMs, partOfLoad * segment.loadMs);
  return until > state.now ? until : 0;
}
