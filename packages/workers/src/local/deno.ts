// Deno. A worker terminated in the middle of a native run leaves the run and its memory behind, so actors are child processes.
import type { ChildProcess } from "node:child_process";
import { enterActor, predictorLoader, type ActorHost } from "@shoal/core";
import type { EntryParts } from "../entry-parts.ts";
import { actorForker, childProcessHost, processLine, type ProcessHostOptions } from "../hosts/child-process.ts";
import { hostOfGiven } from "../hosts/given-worker.ts";
import { workerLine, type WebWorker } from "../hosts/web-worker.ts";
import { chooseNodeDevice } from "../node/choose-node-device.ts";
import { importJob } from "../node/import-job.ts";
import { plainFlags } from "../node/node-flags.ts";
import { serveProcess } from "../node/serve-process.ts";
import { consoleToStandardError, serveScope } from "../serve-scope.ts";
import { servedLoader, type ServedPredictors } from "../served-predictors.ts";
import type { HostGaps } from "./host-gaps.ts";

// --- where actors live ---

/** Starts the process of one actor; its module calls `serveActors`. */
export const forkActor = actorForker({ flags: plainFlags });

/** Actors as child processes, whose module is Shoal's own. */
export function processHost(options: ProcessHostOptions): ActorHost {
  return childProcessHost(forkActor, options);
}

/** Actors in processes or workers that the user starts. */
export const givenWorkerHost = hostOfGiven((worker: ChildProcess | WebWorker) => ("send" in worker ? processLine(worker) : workerLine(worker)));

// --- inside an actor ---

/** What the module of {@link processHost} calls: serves one actor, whose predictor is found by importing its module. */
export function serveLocalActor({ backends, ...parts }: EntryParts): void {
  serveProcess({ chooseDevice: chooseNodeDevice, ...parts, load: predictorLoader(backends, importJob) });
}

/** What the module of a worker that the user starts calls, at its top level: predictors are those given here. */
export function serveActors(served: ServedPredictors, { backends, ...parts }: EntryParts): void {
  enterActor();
  const actor = { chooseDevice: chooseNodeDevice, ...parts, load: servedLoader(served, backends) };
  // Of Deno's realms only workers have it; `isMainThread` is true in them too.
  if (!("postMessage" in globalThis)) return serveProcess(actor);
  consoleToStandardError();
  serveScope(actor);
}

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
