export { startActor, startActorWith } from "./actor/start-actor.ts";
export type { Environment } from "./environment.ts";
export { sourceOfRow } from "./errors/row-errors.ts";
export { fitActors, formatBytes, type PoolFit, type PoolRequest } from "./pool/fit-actors.ts";
export { runToSink } from "./run-job.ts";
export { formatStats } from "./stats/format-stats.ts";
export type { RunEvent, StageProgress } from "./stats/run-event.ts";
export type { PoolStats, RunStats, StageStats } from "./stats/run-stats.ts";
export { execute, type Execution } from "./streaming-executor.ts";
