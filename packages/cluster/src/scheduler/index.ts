export { commitsStalledMs } from "./commits.ts";
export { CommittedSet } from "./committed-set.ts";
export type { LeasedTask, SchedulerEffect } from "./effects.ts";
export type { AttemptId, JobSpec, TaskEntry, SchedulerEvent, SegmentNeeds, SegmentSpec, TaskFailed, TaskId, WorkerBeat, WorkerJoined } from "./events.ts";
export { couldDo, whoElse, willAnswer } from "./exclusion.ts";
export { isLendable } from "./stand-ins.ts";
export { schedule } from "./scheduler.ts";
export { defaultSchedulerSettings, type SchedulerSettings } from "./settings.ts";
export { createScheduler, type SchedulerState } from "./state.ts";
