// Node, Bun and Deno: they differ in their hosts (@shoal/workers/local) and in the ONNX Runtime of a device (#onnx-runtimes), and not here.
import { inspect } from "node:util";
import type { BundlePredictor } from "@shoal/cluster";
import type { ActorHost, Logger } from "@shoal/core";
import { detectResources, deviceCandidates, processHost } from "@shoal/workers/local";
import { deadLetterFile } from "./node/dead-letter-file.ts";
import { deviceMemory } from "./node/device-memory.ts";
import { runLedgers } from "./node/run-ledgers.ts";
import { createLocalRuntime } from "./create-local-runtime.ts";
import type { LocalMachine } from "./open-machine.ts";
import type { OpenTravelling } from "./open-travelling.ts";

/** Beside this file: `.ts` when run from source, `.js` when installed. */
const entry = new URL(`./actor-entry${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Actors with all of Shoal's backends. */
export function createHost(log: Logger): ActorHost {
  return processHost({ entry, log });
}

/** What runs and agents compute with. */
export const localMachine: LocalMachine = { createHost, detectResources, devices: { candidates: async () => deviceCandidates(), ...deviceMemory() } };

/** Runs datasets on this machine: actors are child processes. */
export const localRuntime = createLocalRuntime({
  ...localMachine,
  print: (row) => console.log(inspect(row, { maxArrayLength: 8, maxStringLength: 400, breakLength: 120, compact: 3 })),
  startProgress: async () => (await import("../progress/show-progress.ts")).showProgress(process.stderr),
  deadLetterFile,
  ledgers: runLedgers,
});

/** A file of a model, for handing it on. Loaded only where a model is handed on. */
export const openTravellingFile: OpenTravelling = async (...file) => (await import("./node/travelling-file.ts")).openTravellingFile(...file);
export const openTravellingOnnx: OpenTravelling = async (...file) => (await import("./node/travelling-file.ts")).openTravellingOnnx(...file);

/** Makes a predictor of one's own travel. */
export const bundlePredictor: BundlePredictor = async (...predictor) => (await import("./node/bundle-predictor.ts")).bundlePredictor(...predictor);
