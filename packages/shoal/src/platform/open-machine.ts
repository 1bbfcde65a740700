import { ShoalError, type ActorHost, type Devices, type Logger, type Resources } from "@shoal/core";
import type { RunSettings } from "@shoal/dataset";
import { givenWorkerHost } from "@shoal/workers/local";

/** What there is to compute with here. */
export interface LocalMachine {
  /** Where actors live that nobody else starts. */
  createHost(log: Logger): ActorHost;
  detectResources(): Resources | Promise<Resources>;
  readonly devices: Devices;
}

export interface MachineSettings {
  readonly log: Logger;
  /** Instead of what is detected. */
  readonly resources?: Partial<Resources> | undefined;
  readonly worker?: RunSettings["worker"] | undefined;
}

/**
 * Actors, resources and devices of this runtime: what runs and agents begin with.
 * @throws `bad-option` for a resource that can't be
 */
export async function openMachine(machine: LocalMachine, { log, resources, worker }: MachineSettings): Promise<{ readonly host: ActorHost; readonly resources: Resources; readonly devices: Devices }> {
  const available = declared(await machine.detectResources(), resources);
  return { host: worker === undefined ? machine.createHost(log) : givenWorkerHost({ worker: worker as never, log }), resources: available, devices: machine.devices };
}

function declared(detected: Resources, given: Partial<Resources> = {}): Resources {
  for (const [name, value] of Object.entries(given)) {
    if (!(value >= 0)) throw new ShoalError("bad-option", `resources.${name}: ${value} is not a number of at least 0.`, { hint: "Give a number (memory in bytes), or leave it out: it is then detected.", failure: "bug" });
  }
  return { ...detected, ...given };
}
