import type { TaskId } from "../../../scheduler/index.ts";
import { isAble } from "../../../scheduler/classes.ts";
import { isStandIn } from "../../../scheduler/stand-ins.ts";
import { segmentOf, type SchedulerState } from "../../../scheduler/state.ts";

/** Nothing of the task's segment waits for anybody. */
export function isShortOfTasks(state: SchedulerState, task: TaskId): boolean {
  return segmentOf(state, task)?.readyTasks === 0;
}

/** Nothing waits, and a worker of this gateway that could do the task has nothing to do. */
export function isAnyIdleHere(state: SchedulerState, task: TaskId): boolean {
  const segment = segmentOf(state, task);
  if (segment === undefined || segment.readyTasks > 0) return false;
  for (const worker of state.live) if (!isStandIn(worker) && worker.attempts.size === 0 && worker.credit > 0 && isAble(worker, segment.spec.needs)) return true;
  return false;
}
