export { sha256Of } from "./blob-bytes.ts";
export * from "./blob-store.ts";
export * from "./commit-until-decided.ts";
export { engineClosed, enginePaused } from "./engine-errors.ts";
export * from "./engine.ts";
export * from "./leader-election.ts";
export * from "./ledger.ts";
export { memoryEngine, type MemoryEngineOptions } from "./memory/memory-engine.ts";
export * from "./task-queue.ts";
