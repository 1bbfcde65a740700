export { configDifference, type ConfigDifference } from "./assert-config.ts";
export { removedForDays } from "./ledger-book.ts";
export type { NatsEngineOptions, NatsLayout, NatsQueueOptions, NatsServers } from "./nats-options.ts";
export { openNatsEngine } from "./open-nats-engine.ts";
export { isAtLeast, versionFloor } from "./version-floor.ts";
