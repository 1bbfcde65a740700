// Deno. A worker terminated in the middle of a native run leaves the run and its memory behind, so actors are child processes.
import type { ChildProcess } from "node:child_process";
import { processLine } from "../hosts/child-process.ts";
import { hostOfGiven } from "../hosts/given-worker.ts";
import { workerLine, type WebWorker } from "../hosts/web-worker.ts";
import { plainFlags } from "../node/node-flags.ts";
import { processHosts } from "../node/process-hosts.ts";
import { serveSharedConsole } from "../serve-scope.ts";
import type { HostGaps } from "./host-gaps.ts";

// --- where actors live, and what they call inside ---

/** Of Deno's realms only workers have it; `isMainThread` is true in them too. */
const isWorker = "postMessage" in globalThis;

export const { forkActor, processHost, serveLocalActor, serveActors } = processHosts({
  fork: { flags: plainFlags },
  servedAsWorker(actor) {
    if (isWorker) serveSharedConsole(actor);
    return isWorker;
  },
});

/** Actors in processes or workers that the user starts. */
export const givenWorkerHost = hostOfGiven((worker: ChildProcess | WebWorker) => ("send" in worker ? processLine(worker) : workerLine(worker)));

// --- what there is to compute with ---

export { nodeDeviceCandidates as deviceCandidates } from "../node/device-candidates.ts";
export { detectResources } from "../node/detect-resources.ts";

// --- what can't be done, and why ---

/** Nothing that a process could not do. */
export const processGaps: HostGaps = {};

/** Of a worker that the user starts. */
export const workerGaps: HostGaps = {
  exits: "process.exit in a worker ends the worker, without a word to its host",
  memory: "the memory of a worker is its process's, and that of a native run is lost when it is killed",
};
