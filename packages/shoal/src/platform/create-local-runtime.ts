import { silentLogger, systemClock, type DeadLetter, type Row } from "@shoal/core";
import type { DatasetRuntime, RunEnvironment, RunSettings } from "@shoal/dataset";
import type { RunEvent, RunLedgers } from "@shoal/executor";
import type { ProgressDisplay } from "../progress/progress-display.ts";
import { openMachine, type LocalMachine } from "./open-machine.ts";
import { processSettings, runBegan, type RunListener } from "./process-settings.ts";

/** What running datasets needs of the JavaScript runtime. The package's import conditions choose which one `#platform` is. */
export interface LocalPlatform extends LocalMachine {
  /** Where runs into files keep what they have done, where they can. */
  readonly ledgers?: RunLedgers;
  /** Where `show` prints. */
  print(row: Row): void;
  /** Loaded only where somebody looks: a library pays nothing for a terminal's bars. */
  startProgress(): Promise<ProgressDisplay>;
  /** Where dead letters go when there is no sink that keeps them. @throws where there is what must not be replaced, or what can't be written */
  deadLetterFile(path: string): Promise<(letters: readonly DeadLetter[]) => Promise<void>>;
}

/** Runs datasets here. */
export function createLocalRuntime(platform: LocalPlatform): DatasetRuntime {
  return {
    get settings() {
      return processSettings();
    },
    print: (row) => platform.print(row),
    open: async (settings) => {
      const run = runBegan();
      try {
        return await openEnvironment(platform, settings, run);
      } catch (error) {
        run.isOver();
        throw error;
      }
    },
  };
}

async function openEnvironment(platform: LocalPlatform, settings: RunSettings, { pulled, isOver }: RunListener): Promise<RunEnvironment> {
  const { signal, onError = "fail", maxErrors, budgetBytes, onEvent, deadLetters, worker, log = silentLogger } = settings;
  const letters = deadLetters === undefined ? undefined : await platform.deadLetterFile(deadLetters);
  const { host, resources, devices } = await openMachine(platform, { log, resources: settings.resources, worker });
  const progress = settings.progress === true ? await platform.startProgress() : undefined;
  return {
    host,
    resources,
    devices,
    clock: systemClock,
    log,
    onError,
    ...(platform.ledgers !== undefined && { ledgers: platform.ledgers }),
    ...(signal !== undefined && { signal }),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(budgetBytes !== undefined && { budgetBytes }),
    ...(letters !== undefined && { deadLetters: letters }),
    pulled,
    onEvent: (event: RunEvent) => {
      progress?.onEvent(event);
      onEvent?.(event);
    },
    async [Symbol.asyncDispose]() {
      try {
        progress?.stop();
        await host[Symbol.asyncDispose]();
      } finally {
        isOver();
      }
    },
  };
}
