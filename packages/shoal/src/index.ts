export * from "./sources.ts";
export { arrow, csv, jsonl, memoryFile, parquet, type MemoryFile, type OutputPlace, type Paths } from "@shoal/io";
export { Dataset, Job, type JobReport, type PredictorSettings, type RunSettings } from "@shoal/dataset";
export { blockFromRows, createBlock, definePredictor, failureClass, ShoalError, tensorColumn } from "@shoal/core";
export type {
  ActorContext, BatchFormat, BatchOf, Block, Column, Datasink, Datasource, DeadLetter, Device, OnnxSession, Partition, PredictorClass, PredictorDefinition,
  PredictorStep, ReadOptions, Resources, Row, RowOf, Schema, SinkResult, SinkWriter,
} from "@shoal/core";
export { formatStats, type RunEvent, type RunStats } from "@shoal/executor";
export { connect, type ConnectOptions } from "./cluster/connect.ts";
export type { Cluster } from "@shoal/cluster";
export { serveActors } from "./platform/serve-actors.ts";
export { forkActor } from "@shoal/workers/local";
