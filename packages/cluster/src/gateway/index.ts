export { checkBlock, checkResultHere, type CheckResult, type ResultExpectation } from "./check-result.ts";
export { createGateway } from "./create-gateway.ts";
export { engineSecret } from "./engine-secret.ts";
export { memoryFiles, type FileStore } from "./file-store.ts";
export type { GatewayParts } from "./gateway-parts.ts";
export { defaultGatewaySettings, type GatewaySettings } from "./gateway-settings.ts";
export type { CloseOptions, Gateway, Origin } from "./gateway.ts";
export type { HelpSnapshot, Invite, JobSnapshot, SegmentSnapshot, Snapshot, WorkerSnapshot } from "./snapshot.ts";
export { coordinatorLedger } from "./own-ledgers.ts";
