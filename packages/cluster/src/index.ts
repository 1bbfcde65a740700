export * from "./agent/index.ts";
export * from "./connection/index.ts";
export * from "./engine/index.ts";
export * from "./gateway/index.ts";
export * from "./scheduler/index.ts";
export type { Invite, JobSnapshot, SegmentSnapshot, Snapshot, WorkerSnapshot } from "./gateway/snapshot.ts";
