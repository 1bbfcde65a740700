import type { TaskId } from "@shoal/cluster";
import assert from "node:assert/strict";

/** In the place of a task's rows: which they are. */
export function rowsOfTask({ segment, block, first, rows }: TaskId): Uint8Array {
  return new Uint8Array(new Float64Array([segment, block, first, rows]).buffer);
}

/** @throws where they are another task's, or lie where numbers can't be read in place */
export function checkRows(task: TaskId, payload: Uint8Array | undefined): void {
  assert(payload !== undefined, "no rows came");
  const [segment, block, first, rows] = new Float64Array(payload.buffer, payload.byteOffset, 4);
  assert.deepEqual({ segment, block, first, rows }, { segment: task.segment, block: task.block, first: task.first, rows: task.rows }, "rows of another task");
}
