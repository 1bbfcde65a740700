import { blocksUntil, finishLine, rowsPerBlock } from "./finish-line.ts";
import { workBesideStandIns } from "./stand-ins.ts";
import { loadMs, msPerRow } from "./rates.ts";
import { dequeue, nextReady } from "./queue.ts";
import type { SchedulerSettings } from "./settings.ts";
import type { SchedulerState, Segment, Task, Worker } from "./state.ts";

/** Of what is left, so much goes into leases of this round: the rest is shared out when more is known. */
const partOfRest = 0.5;

/** How much of a segment a worker may be leased now. `blocks` is 0 where it would only hold up the end; then it is asked again at `againAt`. */
export interface LeaseLimit {
  readonly blocks: number;
  readonly workMs: number;
  readonly againAt: number;
}

/**
 * Enough work that the round trip and the bookkeeping don't matter, little enough that not much is lost with the worker; one block while
 * its rate is unknown. Near the end leases shrink with what is left, and nobody is leased what it could not finish in time.
 */
export function leaseLimit(state: SchedulerState, worker: Worker, segment: Segment): LeaseLimit {
  const { settings, now } = state;
  const most = mostTasks(settings, rowsPerBlock(segment) * (msPerRow(segment, worker) ?? Infinity));
  const finish = finishLine(state, segment);
  const inTime = finish === undefined ? most : blocksUntil(state, segment, worker, finish);
  if (inTime < 1) return { blocks: 0, workMs: 0, againAt: Math.max(now + 10, finish ?? now) };
  if (msPerRow(segment, worker) === undefined) return { blocks: 1, workMs: Infinity, againAt: 0 };
  const restMs = segment.totalRate > 0 ? segment.readyRows / segment.totalRate : Infinity;
  const blocks = finish === undefined ? most : Math.ceil(inTime * partOfRest);
  return { blocks: Math.min(most, blocks), workMs: Math.min(settings.workMs[worker.joined.host], workBesideStandIns(state, worker, segment), Math.max(restMs * partOfRest, loadMs(segment, worker))), againAt: 0 };
}

/** However fast a worker is, no lease is of more tasks than that; `ms`: what one takes it. */
export function mostTasks({ maxTasksPerLease, maxShortTasksPerLease }: SchedulerSettings, ms: number): number {
  return Math.max(1, ms < 1 ? Math.min(maxTasksPerLease, maxShortTasksPerLease) : maxTasksPerLease);
}

/** The tasks of a lease: from the front of the queue, as many as the limit allows and at least one. */
export function takeTasks(segment: Segment, worker: Worker, { blocks, workMs }: LeaseLimit): Task[] {
  const perRow = msPerRow(segment, worker) ?? 0;
  const taken: Task[] = [];
  let ms = 0;
  for (let task = nextReady(segment); task !== undefined && taken.length < blocks; task = nextReady(segment)) {
    if (taken.length > 0 && ms + task.rows * perRow > workMs) break;
    ms += task.rows * perRow;
    taken.push(task);
    dequeue(task);
  }
  return taken;
}
