import { isSuspected } from "./exclusion.ts";
import type { SchedulerState, Segment, Task } from "./state.ts";

/** A task waits: for anybody, or set apart if somebody failed at it. The earliest block goes first, for what follows waits for it. */
export function enqueue(state: SchedulerState, task: Task): void {
  const { segment } = task.of;
  if (task.place !== "nowhere" || task.committing !== undefined || !task.of.offered) return;
  task.place = isSuspected(task.trouble) ? "troubled" : "ready";
  if (task.place === "troubled") segment.troubled.add(task);
  else segment.ready.push(task);
  segment.readyTasks++;
  segment.readyRows += task.rows;
  state.fresh.add(segment);
}

export function dequeue(task: Task): void {
  if (task.place === "nowhere") return;
  const { segment } = task.of;
  segment.troubled.delete(task);
  // In the heap it is passed over when its turn comes.
  task.place = "nowhere";
  segment.readyTasks--;
  segment.readyRows -= task.rows;
}

/** The next task that anybody may run; it stays where it is. */
export function nextReady(segment: Segment): Task | undefined {
  for (;;) {
    const task = segment.ready.peek();
    if (task === undefined || task.place === "ready") return task;
    segment.ready.pop();
  }
}
