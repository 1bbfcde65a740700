// Bun. Terminating a worker in the middle of a native run aborts Bun, as in Node, so actors are child processes.
import type { ChildProcess } from "node:child_process";
import { isMainThread } from "node:worker_threads";
import { processLine } from "../hosts/child-process.ts";
import { hostOfGiven } from "../hosts/given-worker.ts";
import { releasedWorkerLine, type WebWorker } from "../hosts/web-worker.ts";
import { bunActorEnvironment } from "../node/actor-environment.ts";
import { plainFlags } from "../node/node-flags.ts";
import { processHosts } from "../node/process-hosts.ts";
import { serveSharedConsole } from "../serve-scope.ts";
import type { HostGaps } from "./host-gaps.ts";

// --- where actors live, and what they call inside ---

export const { forkActor, processHost, serveLocalActor, serveActors } = processHosts({
  fork: { flags: plainFlags, env: bunActorEnvironment },
  servedAsWorker(actor) {
    if (!isMainThread) serveSharedConsole(actor);
    return !isMainThread;
  },
});

/** Actors in processes or workers that the user starts. */
export const givenWorkerHost = hostOfGiven((worker: ChildProcess | (WebWorker & { unref(): void })) => ("send" in worker ? processLine(worker) : releasedWorkerLine(worker)));

// --- what there is to compute with ---

export { nodeDeviceCandidates as deviceCandidates } from "../node/device-candidates.ts";
export { detectResources } from "../node/detect-resources.ts";

// --- what can't be done, and why ---

/** Nothing that a process could not do. */
export const processGaps: HostGaps = {};

/** Of a worker that the user starts. */
export const workerGaps: HostGaps = {
  killsBusy: "terminating a worker in the middle of a native run aborts Bun (exit 134), so a killed one is let go, and ends when it comes back to itself",
  exits: "process.exit in a worker ends the worker, without a code for its host",
  memory: "the memory of a worker is its process's",
};
