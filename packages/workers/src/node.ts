export { givenWorkerHost, type GivenWorkerHostOptions } from "./hosts/given-worker.ts";
export { forkActor, nodeProcessHost, type ForkOptions, type NodeProcessHostOptions } from "./hosts/node-process.ts";
export { chooseNodeDevice } from "./node/choose-node-device.ts";
export { detectResources } from "./node/detect-resources.ts";
export { nodeDeviceCandidates } from "./node/device-candidates.ts";
export { serveActors } from "./node/serve-actors.ts";
export { serveNodeActor } from "./node/serve-node-actor.ts";
