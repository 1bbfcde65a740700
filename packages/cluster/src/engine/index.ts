export * from "./blob-store.ts";
export * from "./commit-until-decided.ts";
export * from "./engine.ts";
export * from "./leader-election.ts";
export * from "./ledger.ts";
export { memoryEngine, type MemoryEngineOptions } from "./memory/memory-engine.ts";
export { sha256Of } from "./sha256.ts";
export * from "./task-queue.ts";
