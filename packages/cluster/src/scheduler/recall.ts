import { isAble } from "./classes.ts";
import { rowsPerBlock } from "./finish-line.ts";
import { loseAttempt, revoke } from "./leases.ts";
import { aheadMs, isStandIn, surplusTasks } from "./stand-ins.ts";
import { backlogMs, msPerRow } from "./rates.ts";
import type { Attempt, SchedulerState, Segment, Worker } from "./state.ts";

const everyMs = 500;
/** What goes elsewhere is under way for about so long. */
const wayMs = 1_000;

/**
 * A stand-in with room, and nothing left over for it: what workers here were leased and would begin much later than it would comes back, to be lent.
 * They were leased it when nobody else was known, or the stand-in was slower.
 */
export function recallFor(state: SchedulerState, standIn: Worker): void {
  for (const job of state.jobs.values()) {
    if (job.spec.borrowed === true || job.paused) continue;
    for (const segment of job.segments) {
      if (segment.open.size === 0 || !isAble(standIn, segment.spec.needs) || state.now - (segment.recalledAt ?? -Infinity) < everyMs) continue;
      const room = standIn.credit - standIn.attempts.size - surplusTasks(state, segment);
      if (room < 1) continue;
      segment.recalledAt = state.now;
      recall(state, standIn, segment, room);
    }
  }
}

function recall(state: SchedulerState, standIn: Worker, segment: Segment, room: number): void {
  const later = laterThan(state, segment, aheadMs(segment)).sort((a, b) => b.inMs - a.inMs);
  // The more it gets, the later it would begin the next.
  let standInMs = wayMs + backlogMs(standIn, state.now);
  const each = rowsPerBlock(segment) * (msPerRow(segment, standIn) ?? 0);
  const back: Attempt[] = [];
  for (const { attempt, inMs } of later) {
    if (back.length >= room || inMs <= standInMs) break;
    back.push(attempt);
    standInMs += each;
  }
  if (back.length === 0) return;
  revoke(state, back, "moved");
  for (const attempt of back) loseAttempt(state, attempt);
}

/** What workers here begin in so many milliseconds, or later. */
function laterThan(state: SchedulerState, segment: Segment, ms: number): { readonly attempt: Attempt; readonly inMs: number }[] {
  const found = [];
  for (const worker of state.live) {
    if (isStandIn(worker) || worker.segment !== segment) continue;
    let inMs = worker.runningSince - state.now;
    let isFirst = true;
    for (const attempt of worker.attempts.values()) {
      const { task } = attempt;
      if (!isFirst && inMs > ms && task.of.segment === segment && task.attempts.length === 1 && task.committing === undefined) found.push({ attempt, inMs });
      inMs = isFirst ? Math.max(0, inMs + attempt.expectedMs) : inMs + attempt.expectedMs;
      isFirst = false;
    }
  }
  return found;
}
