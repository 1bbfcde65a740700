// Node, Bun and Deno: they differ in their hosts (@shoal/workers/local) and in the ONNX Runtime of a device (#onnx-runtimes), and not here.
import { inspect } from "node:util";
import type { ActorHost, Logger } from "@shoal/core";
import { detectResources, deviceCandidates, processHost } from "@shoal/workers/local";
import { deadLetterFile } from "./node/dead-letter-file.ts";
import { deviceMemory } from "./node/device-memory.ts";
import { runLedgers } from "./node/run-ledgers.ts";
import { createLocalRuntime } from "./create-local-runtime.ts";

/** Beside this file: `.ts` when run from source, `.js` when installed. */
const entry = new URL(`./actor-entry${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Actors with all of Shoal's backends. */
export function createHost(log: Logger): ActorHost {
  return processHost({ entry, log });
}

/** Runs datasets on this machine: actors are child processes. */
export const localRuntime = createLocalRuntime({
  createHost,
  detectResources,
  devices: { candidates: async () => deviceCandidates(), ...deviceMemory() },
  print: (row) => console.log(inspect(row, { maxArrayLength: 8, maxStringLength: 400, breakLength: 120, compact: 3 })),
  startProgress: async () => (await import("../progress/show-progress.ts")).showProgress(process.stderr),
  deadLetterFile,
  ledgers: runLedgers,
});
