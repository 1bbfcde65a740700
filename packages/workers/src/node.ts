export { forkActor, nodeProcessHost, processLine, type ForkOptions, type NodeProcessHostOptions } from "./hosts/node-process.ts";
export { chooseNodeDevice } from "./node/choose-node-device.ts";
export { serveNodeActor, serveProcess, type NodeActorParts } from "./node/serve-node-actor.ts";
