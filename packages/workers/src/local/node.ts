// Node. A native run blocks its thread and can't be stopped there, so actors are child processes.
import type { ChildProcess } from "node:child_process";
import { parentPort, type Worker } from "node:worker_threads";
import { processLine } from "../hosts/child-process.ts";
import { hostOfGiven } from "../hosts/given-worker.ts";
import { threadLine } from "../hosts/thread.ts";
import { actorEnvironment } from "../node/actor-environment.ts";
import { nodeFlags } from "../node/node-flags.ts";
import { processHosts } from "../node/process-hosts.ts";
import { serveThread } from "../node/serve-thread.ts";
import type { HostGaps } from "./host-gaps.ts";

export type { ForkActor, ForkOptions, ProcessHostOptions } from "../hosts/child-process.ts";
export type { GivenWorker, GivenWorkerHost, GivenWorkerHostOptions } from "../hosts/given-worker.ts";
export type { HostGaps } from "./host-gaps.ts";

// --- where actors live, and what they call inside ---

export const { forkActor, processHost, serveLocalActor, serveActors } = processHosts({
  fork: { flags: nodeFlags, env: actorEnvironment },
  servedAsWorker(actor) {
    if (parentPort !== null) serveThread(parentPort, actor);
    return parentPort !== null;
  },
});

/** Actors in processes or threads that the user starts. */
export const givenWorkerHost = hostOfGiven((worker: ChildProcess | Worker) => ("send" in worker ? processLine(worker) : threadLine(worker)));

// --- what there is to compute with ---

export { nodeDeviceCandidates as deviceCandidates } from "../node/device-candidates.ts";
export { detectResources } from "../node/detect-resources.ts";

// --- what can't be done, and why ---

/** Nothing that a process could not do. */
export const processGaps: HostGaps = {};

/** Of a thread that the user starts. */
export const workerGaps: HostGaps = {
  killsBusy: "terminating a thread in the middle of a native run aborts Node (exit 134), so a killed one is let go, and ends when it comes back to itself",
  memory: "the memory of a thread is its process's",
};
