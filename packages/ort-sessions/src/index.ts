export { openTrial, type DeviceTrial } from "./device-trial.ts";
export type { Answers, LoadedSession, ModelContent, Operation, OrtModel, SessionSettings } from "./operations.ts";
export { OrtSessions, type OrtFeatures } from "./ort-sessions.ts";
export type { Ort } from "./ort-tensors.ts";
export { serveSessions } from "./serve-sessions.ts";
export type { SessionThread, StartThread, Thrown, ThreadReply, ThreadRequest } from "./thread-protocol.ts";
