export type { ConfigDifference } from "./assert-config.ts";
export { inspectNats, type InspectNatsOptions } from "./inspect-nats.ts";
export type { NatsEngineOptions, NatsLayout, NatsQueueOptions, NatsServers } from "./nats-options.ts";
export type * from "./nats-report.ts";
export { openNatsEngine } from "./open-nats-engine.ts";
export { isAtLeast, versionFloor } from "./version-floor.ts";
