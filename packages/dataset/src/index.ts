export { Dataset, dataset } from "./dataset.ts";
export type { IterBatchesSettings } from "./iter-batches.ts";
export { Job, type JobReport } from "./job.ts";
export type * from "./row-types.ts";
export { trialSink } from "./trial-sink.ts";
export type { DatasetRuntime, RunEnvironment, RunSettings } from "./run-settings.ts";
