import { ShoalError, silentLogger, systemClock, type ActorHost, type DeadLetter, type Devices, type Logger, type Resources, type Row } from "@shoal/core";
import type { DatasetRuntime, RunSettings } from "@shoal/dataset";
import type { Environment, RunEvent, RunLedgers } from "@shoal/executor";
import { givenWorkerHost } from "@shoal/workers/local";
import type { ProgressDisplay } from "../progress/progress-display.ts";
import { processSettings } from "./process-settings.ts";

/** What running datasets needs of the JavaScript runtime. The package's import conditions choose which one `#platform` is. */
export interface LocalPlatform {
  /** Where actors live that nobody else starts. */
  createHost(log: Logger): ActorHost;
  detectResources(): Resources | Promise<Resources>;
  readonly devices: Devices;
  /** Where runs into files keep what they have done, where they can. */
  readonly ledgers?: RunLedgers;
  /** Where `show` prints. */
  print(row: Row): void;
  /** Loaded only where somebody looks: a library pays nothing for a terminal's bars. */
  startProgress(): Promise<ProgressDisplay>;
  /** Where dead letters go when there is no sink that keeps them. */
  deadLetterFile(path: string): (letters: readonly DeadLetter[]) => Promise<void>;
}

/** Runs datasets here. */
export function createLocalRuntime(platform: LocalPlatform): DatasetRuntime {
  return {
    get settings() {
      return processSettings();
    },
    print: (row) => platform.print(row),
    open: (settings) => openEnvironment(platform, settings),
  };
}

async function openEnvironment(platform: LocalPlatform, settings: RunSettings): Promise<Environment & AsyncDisposable> {
  const { signal, onError = "fail", maxErrors, budgetBytes, onEvent, deadLetters, worker, log = silentLogger } = settings;
  const resources = declared(await platform.detectResources(), settings.resources);
  const host = worker === undefined ? platform.createHost(log) : givenWorkerHost({ worker: worker as never, log });
  const progress = settings.progress === true ? await platform.startProgress() : undefined;
  return {
    host,
    resources,
    devices: platform.devices,
    clock: systemClock,
    log,
    onError,
    ...(platform.ledgers !== undefined && { ledgers: platform.ledgers }),
    ...(signal !== undefined && { signal }),
    ...(maxErrors !== undefined && { maxErrors }),
    ...(budgetBytes !== undefined && { budgetBytes }),
    ...(deadLetters !== undefined && { deadLetters: platform.deadLetterFile(deadLetters) }),
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

/** @throws `bad-option` for a number that can't be. */
function declared(detected: Resources, given: Partial<Resources> = {}): Resources {
  for (const [name, value] of Object.entries(given)) {
    if (!(value >= 0)) throw new ShoalError("bad-option", `resources.${name}: ${value} is not a number of at least 0.`, { hint: "Give a number (memory in bytes), or leave it out: it is then detected.", failure: "bug" });
  }
  return { ...detected, ...given };
}
