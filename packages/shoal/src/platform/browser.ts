// A page, or a worker of one.
import { ShoalError, type ActorHost, type Logger } from "@shoal/core";
import { webWorkerHost } from "@shoal/workers";
import { detectResources, deviceCandidates } from "@shoal/workers/local";
import { deviceMemory } from "./browser/device-memory.ts";
import { createLocalRuntime } from "./create-local-runtime.ts";
import type { LocalMachine } from "./open-machine.ts";

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
  deadLetterFile(path) {
    throw new ShoalError("no-local-files", `Dead letters can't go to "${path}": a page has no files of its own to add lines to.`, {
      failure: "bug", hint: `Write the rows to a sink ("opfs:/…", memoryFile(name)), which keeps dead letters beside them.`, details: { path },
    });
  },
});
