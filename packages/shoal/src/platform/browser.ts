// A page, or a worker of one.
import type { BundlePredictor } from "@shoal/cluster";
import { ShoalError, type ActorHost, type Logger } from "@shoal/core";
import { webWorkerHost } from "@shoal/workers";
import { detectResources, deviceCandidates } from "@shoal/workers/local";
import { deviceMemory } from "./browser/device-memory.ts";
import { createLocalRuntime } from "./create-local-runtime.ts";
import type { LocalMachine } from "./open-machine.ts";
import type { OpenTravelling } from "./open-travelling.ts";

/** Actors with all of Shoal's backends. */
export function createHost(log: Logger): ActorHost {
  // Bundlers look for exactly this form.
  return webWorkerHost({ createWorker: () => new Worker(new URL("./actor-entry.js", import.meta.url), { type: "module", name: "shoal-actor" }), log });
}

/** What runs and agents compute with. */
export const localMachine: LocalMachine = { createHost, detectResources, devices: { candidates: async () => deviceCandidates(), ...deviceMemory() } };

/** Runs datasets in this page: actors are workers. */
export const localRuntime = createLocalRuntime({
  ...localMachine,
  print: (row) => console.log(row),
  startProgress: async () => (await import("./browser/console-progress.ts")).consoleProgress(),
  async deadLetterFile(path) {
    throw new ShoalError("no-local-files", `Dead letters can't go to "${path}": a page has no files of its own to add lines to.`, {
      failure: "bug", hint: `Write the rows to a sink ("opfs:/…", memoryFile(name)), which keeps dead letters beside them.`, details: { path },
    });
  },
});

/** A file of a model, for handing it on. Loaded only where a model is handed on. */
export const openTravellingFile: OpenTravelling = async (...file) => (await import("./browser/travelling-file.ts")).openTravellingFile(...file);
export const openTravellingOnnx: OpenTravelling = async (...file) => (await import("./browser/travelling-file.ts")).openTravellingOnnx(...file);

export const bundlePredictor: BundlePredictor = () => {
  throw new ShoalError("bundler-missing", "A page has no bundler: its predictors of your own run in the page itself.", { failure: "bug", hint: "Connect without code, or submit the job from Node, Bun or Deno." });
};
