export { connectActor, type ConnectOptions } from "./actor-client.ts";
export { chooseCpu, chooseDevice, type ChooseDevice, type OnnxRuntimes } from "./actor-device.ts";
export type { ActorChannel, ActorCommand, ActorEvent, ActorLine } from "./actor-protocol.ts";
export { serveActor, type ActorParts, type ServeOptions } from "./actor-server.ts";
export type { EntryParts } from "./entry-parts.ts";
export { actorHost, type ActorHostOptions } from "./hosts/actor-host.ts";
export { inProcessGaps, inProcessHost } from "./hosts/in-process.ts";
export { webWorkerHost, type WebWorker, type WebWorkerHostOptions } from "./hosts/web-worker.ts";
export { servedLoader, type ServedPredictors } from "./served-predictors.ts";
