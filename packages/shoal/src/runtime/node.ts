import { inspect } from "node:util";
import { ShoalError, silentLogger, systemClock, type Resources } from "@shoal/core";
import type { DatasetRuntime, RunSettings } from "@shoal/dataset";
import type { Environment, RunEvent } from "@shoal/executor";
import { detectResources, deviceCandidates, givenWorkerHost, processHost } from "@shoal/workers/local";
import { deadLetterFile } from "./dead-letter-file.ts";
import { deviceMemory } from "./device-memory.ts";
import { processSettings } from "./process-settings.ts";
import type { ProgressDisplay } from "../progress/show-progress.ts";

/** Beside this file: `.ts` when run from source, `.js` when installed. */
export const actorEntry = new URL(`./actor-entry${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/** Runs datasets on this machine: actors are child processes. */
export const localRuntime: DatasetRuntime = {
  get settings() {
    return processSettings();
  },
  print: (row) => console.log(inspect(row, { maxArrayLength: 8, maxStringLength: 400, breakLength: 120, compact: 3 })),
  open: openEnvironment,
};

async function openEnvironment(settings: RunSettings): Promise<Environment & AsyncDisposable> {
  const log = settings.log ?? silentLogger;
  const resources = declared(detectResources(), settings.resources);
  const host = settings.worker === undefined ? processHost({ entry: actorEntry, log }) : givenWorkerHost({ worker: settings.worker as never, log });
  const progress = settings.progress === true ? await startProgress() : undefined;
  const { signal, onError = "fail", maxErrors, budgetBytes, onEvent } = settings;
  return {
    host,
    resources,
    devices: { candidates: async () => deviceCandidates(), ...deviceMemory() },
    clock: systemClock,
    log,
    onError,
    ...(signal !== undefined && { signal }),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(budgetBytes !== undefined && { budgetBytes }),
    ...(settings.deadLetters !== undefined && { deadLetters: deadLetterFile(settings.deadLetters) }),
    onEvent: (event: RunEvent) => {
      progress?.onEvent(event);
      onEvent?.(event);
    },
    async [Symbol.asyncDispose]() {
      progress?.stop();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Loaded only where somebody looks: a library pays nothing for a terminal's bars. */
async function startProgress(): Promise<ProgressDisplay> {
  const { showProgress } = await import("../progress/show-progress.ts");
  return showProgress(process.stderr);
}

/** @throws `bad-option` for a number that can't be. */
function declared(detected: Resources, given: Partial<Resources> = {}): Resources {
  for (const [name, value] of Object.entries(given)) {
    if (!(value >= 0)) throw new ShoalError("bad-option", `resources.${name}: ${value} is not a number of at least 0.`, { hint: "Give a number (memory in bytes), or leave it out: it is then detected.", failure: "bug" });
  }
  return { ...detected, ...given };
}
