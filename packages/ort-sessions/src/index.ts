export { openTrial, type DeviceTrial } from "./device-trial.ts";
export type { Answers, LoadedSession, Operation, SessionSettings } from "./operations.ts";
export { OrtSessions } from "./ort-sessions.ts";
export type { Ort } from "./ort-tensors.ts";
