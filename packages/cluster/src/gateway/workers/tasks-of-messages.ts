import { defaultConnectionLimits } from "../../connection/limits.ts";
import { tasksPerMessage } from "../../connection/schemas/workers.ts";
import type { TaskId } from "../../scheduler/index.ts";

/** A task in a message, without the name of its job: at most. */
const taskBytes = 320;
const restBytes = 512;
const encoder = new TextEncoder();

/** Tasks as they go into messages: each as many as the other side takes in one. */
export function* messagesOf<T extends { readonly task: TaskId }>(tasks: readonly T[]): Generator<readonly T[], void, undefined> {
  let some: T[] = [];
  let bytes = restBytes;
  let job: { readonly name: string; readonly bytes: number } | undefined;
  for (const one of tasks) {
    if (job?.name !== one.task.job) job = { name: one.task.job, bytes: encoder.encode(JSON.stringify(one.task.job)).byteLength };
    bytes += taskBytes + job.bytes;
    if (some.length === tasksPerMessage || (some.length > 0 && bytes > defaultConnectionLimits.headerBytes)) {
      yield some;
      some = [];
      bytes = restBytes + taskBytes + job.bytes;
    }
    some.push(one);
  }
  if (some.length > 0) yield some;
}
