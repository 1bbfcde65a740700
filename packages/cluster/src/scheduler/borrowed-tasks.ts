import { newTask, openBlock, release } from "./commits.ts";
import type { SchedulerEvent, TaskId } from "./events.ts";
import { enqueue } from "./queue.ts";
import { joinShares } from "./sharing.ts";
import { findTask, segmentOf, type SchedulerState } from "./state.ts";

/** A task of another gateway's job comes in: of a block the rows that are to be done here, and no others. */
export function borrowTask(state: SchedulerState, { task: id, blockRows, bytes }: Extract<SchedulerEvent, { kind: "task-borrowed" }>): void {
  const segment = segmentOf(state, id);
  if (segment?.job.spec.borrowed !== true || segment.committed.has(id.block) || findTask(segment, id) !== undefined) return;
  if (segment.job.segments.every((one) => one.open.size === 0)) joinShares(state, segment.job);
  let block = segment.open.get(id.block);
  if (block === undefined) {
    block = openBlock(segment, id.block, blockRows, bytes, true);
    block.parts = [];
    segment.openOffered++;
    segment.openBytes += bytes;
    segment.offered++;
    segment.offeredRows += blockRows;
    segment.offeredBytes += bytes;
  }
  // What would overlap is of a split that is not known here yet.
  if (block.parts.some(({ first, rows }) => first < id.first + id.rows && id.first < first + rows)) return;
  const task = newTask(block, id.first, id.rows);
  block.parts.push(task);
  enqueue(state, task);
}

/** It is nobody's task here any more. What a worker makes of it is looked at when it comes. */
export function withdrawTask(state: SchedulerState, id: TaskId): void {
  const segment = segmentOf(state, id);
  const task = segment && findTask(segment, id);
  if (segment === undefined || task === undefined) return;
  const { of } = task;
  release(state, task, "moved");
  of.parts.splice(of.parts.indexOf(task), 1);
  if (of.parts.length > 0) return;
  segment.open.delete(of.block);
  segment.openBytes -= of.bytes;
  if (of.offered) segment.openOffered--;
}
