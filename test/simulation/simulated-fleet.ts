import type { JobSpec, SchedulerSettings, TaskId } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import { SimulatedDriver, type SimulatedInput, type TakeFromDriver } from "./simulated-driver.ts";
import { SimulatedGateway, type Observer } from "./simulated-gateway.ts";
import type { SimulatedLedger } from "./simulated-ledger.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import { SimulatedWorker, type Fate, type WorkerSurroundings, type WorkerTraits } from "./simulated-worker.ts";
import { asTheyAre, type WireFormat } from "./wire-format.ts";
import { SimulatedWire, type WireFaults } from "./wire.ts";

export interface FleetParts {
  readonly time: SimulatedTime;
  readonly random: SeededRandom;
  readonly ledger: SimulatedLedger;
  readonly settings: Partial<SchedulerSettings>;
  readonly observe: Observer;
  /** Of a block that travels. */
  readonly bytesOf: (task: TaskId) => number;
  /** Default: as they are. */
  readonly format?: WireFormat;
  /** What the gateway's clock says. */
  readonly readClock?: () => number;
  /** What the next connection of a worker is like. Default: nothing is lost. */
  readonly roadOf?: (traits: WorkerTraits) => Road;
  /** Default: no segment has one. */
  readonly modelOf?: WorkerSurroundings["modelOf"];
  /** Default: all is done. */
  readonly fateOf?: (worker: SimulatedWorker, task: TaskId) => Fate;
  readonly onHang?: (worker: SimulatedWorker, task: TaskId) => void;
}

/** Between a worker and the gateway. */
export interface Road {
  readonly faults: WireFaults;
  readonly latencyMs: number;
}

export interface DriverTraits {
  readonly inOrder: boolean;
  /** Default 0. */
  readonly readMs?: number;
  readonly isPassing?: boolean;
  /** Default: it goes to the gateway. */
  readonly take?: TakeFromDriver;
}

/** A gateway, and the workers and drivers that are connected to it. */
export class SimulatedFleet {
  readonly gateway: SimulatedGateway;
  readonly workers: SimulatedWorker[] = [];
  readonly drivers: SimulatedDriver[] = [];
  readonly #time: SimulatedTime;
  readonly #format: WireFormat;
  readonly #around: WorkerSurroundings;
  #dials = 0;

  constructor({ time, random, ledger, settings, observe, bytesOf, format = asTheyAre, readClock, roadOf = quietRoad, modelOf = () => undefined, fateOf = () => "done", onHang }: FleetParts) {
    this.#time = time;
    this.#format = format;
    this.gateway = new SimulatedGateway(time, ledger, settings, observe, bytesOf, readClock);
    this.#around = {
      time, modelOf, bytesOf, fateOf,
      dial: (worker) => {
        const { faults, latencyMs } = roadOf(worker.traits);
        const wire = new SimulatedWire(`${worker.traits.name}#${++this.#dials}`, time, random, latencyMs, faults, format);
        this.gateway.accept(wire, worker);
        return wire;
      },
      deliver: (_worker, wire, header, payload) => wire.up(header, payload, (message) => this.gateway.deliver(wire, message)),
      ...(onHang === undefined ? {} : { onHang }),
    };
  }

  /** A driver, which has not started. */
  bring(spec: JobSpec, inputs: readonly SimulatedInput[], { readMs = 0, inOrder, isPassing, take = (message, from, isCurrent) => this.gateway.deliverFromDriver(message, from, isCurrent) }: DriverTraits): SimulatedDriver {
    const driver = new SimulatedDriver(spec, inputs, this.#time, readMs, this.#format, take, inOrder, isPassing);
    this.drivers.push(driver);
    this.gateway.drivers.set(spec.job, driver);
    return driver;
  }

  /** A worker, which has not connected. */
  lend(traits: WorkerTraits): SimulatedWorker {
    const worker = new SimulatedWorker(traits, this.#around);
    this.workers.push(worker);
    return worker;
  }

  /** It ends with all that it has, and the gateway sees that. */
  close(worker: SimulatedWorker, wire: SimulatedWire): void {
    worker.crash();
    wire.open = false;
    this.gateway.lose(wire);
  }
}

function quietRoad({ latencyMs }: WorkerTraits): Road {
  return { latencyMs, faults: { loss: () => 0, duplication: 0, jitterMs: 5 } };
}
