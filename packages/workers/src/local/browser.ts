// Browsers. There are no processes; a worker can be terminated whatever it does, and its timers run when the page is hidden.
import { enterActor, isSoftwareGpu, predictorLoader, ShoalError, type ConcreteDevice, type GpuAdapterInfo, type Resources } from "@shoal/core";
import type { EntryParts } from "../entry-parts.ts";
import type { ForkActor } from "../hosts/child-process.ts";
import { hostOfGiven } from "../hosts/given-worker.ts";
import { workerLine, type WebWorker } from "../hosts/web-worker.ts";
import { serveScope } from "../serve-scope.ts";
import { servedLoader, type ServedPredictors } from "../served-predictors.ts";
import type { HostGaps } from "./host-gaps.ts";

// --- where actors live ---

/** @throws `no-processes` */
export const forkActor: ForkActor = () => {
  throw new ShoalError("no-processes", "A page has no child processes.", { failure: "bug", hint: `Start a worker: new Worker(new URL("./worker.ts", import.meta.url), { type: "module" })` });
};

/** @throws `no-processes` */
export const processHost = forkActor as () => never;

/** Actors in workers that the page starts. */
export const givenWorkerHost = hostOfGiven((worker: WebWorker) => workerLine(worker));

// --- inside an actor ---

/** What the module of Shoal's own workers calls: serves one actor, whose predictor is found by importing its module. */
export function serveLocalActor({ backends, ...parts }: EntryParts): void {
  serveScope({ ...parts, load: predictorLoader(backends, (url) => import(/* @vite-ignore */ url)) });
}

/** What the module of a worker that the user starts calls, at its top level: predictors are those given here. */
export function serveActors(served: ServedPredictors, { backends, ...parts }: EntryParts): void {
  enterActor();
  serveScope({ ...parts, load: servedLoader(served, backends) });
}

// --- what there is to compute with ---

interface PageNavigator {
  readonly hardwareConcurrency?: number;
  /** Chromium alone says it, rounded, and 8 GiB at most. */
  readonly deviceMemory?: number;
  readonly gpu?: { requestAdapter(): Promise<{ readonly info?: GpuAdapterInfo } | null> };
}

/** Devices that this page shows a sign of; wasm, which runs every model, is last. Software drivers are used when webgpu is named. */
export async function deviceCandidates(): Promise<readonly ConcreteDevice[]> {
  return (await hasGpu()) ? ["webgpu", "wasm"] : ["wasm"];
}

/** As much as a page is told: its cores, whether there is a GPU, and where it is told of memory a rounded share. */
export async function detectResources(): Promise<Resources> {
  const { hardwareConcurrency = 1, deviceMemory = 4 } = page();
  return { cpus: hardwareConcurrency, gpus: (await hasGpu()) ? 1 : 0, memory: deviceMemory * 2 ** 30 };
}

function page(): PageNavigator {
  return globalThis.navigator as PageNavigator;
}

async function hasGpu(): Promise<boolean> {
  const adapter = (await page().gpu?.requestAdapter().catch(() => null)) ?? null;
  return adapter !== null && !isSoftwareGpu(adapter.info ?? {});
}

// --- what can't be done, and why ---

/** There is no process to have any. */
export const processGaps: HostGaps = {};

/** Of a worker. */
export const workerGaps: HostGaps = {
  exits: "a page has no process that could end with a code",
  memory: "no page is told what a worker holds",
};
