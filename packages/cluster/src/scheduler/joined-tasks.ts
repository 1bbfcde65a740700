import { sortingWindowRows } from "@shoal/planner";
import { isStandIn } from "./stand-ins.ts";
import type { Attempt, Worker } from "./state.ts";

/** A worker joins short blocks to work of up to 1.5 s, and says nothing of the first before all are done. */
export const joinedMs = 2_000;

/** The first of a worker's attempts, and those behind it that it may compute together with it. One that stands for many joins nothing here. */
export function joinedWithFirst(worker: Worker): Attempt[] {
  const joined: Attempt[] = [];
  if (isStandIn(worker)) return joined;
  let rows = 0;
  for (const attempt of worker.attempts.values()) {
    const [first] = joined;
    rows += attempt.task.rows;
    if (first !== undefined && (attempt.task.of.segment !== first.task.of.segment || rows > sortingWindowRows)) break;
    joined.push(attempt);
  }
  return joined;
}

/** Rows that are done when all of those are. */
export function joinedRows(worker: Worker): number {
  return joinedWithFirst(worker).reduce((sum, { task }) => sum + task.rows, 0);
}
