import type { TaskId } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import type { Poison } from "./random-fleet.ts";
import type { SimulatedDriver } from "./simulated-driver.ts";
import type { SimulatedFleet } from "./simulated-fleet.ts";
import type { SimulatedLedger } from "./simulated-ledger.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import type { Fate, SimulatedWorker } from "./simulated-worker.ts";
import type { SimulatedWire } from "./wire.ts";

export const faultKinds = ["cut", "crash", "freeze", "slow", "leave", "drain", "gateway", "driver", "ledger", "pause", "partition", "swap", "rest", "job-pause"] as const;
export type FaultKind = (typeof faultKinds)[number];

const coordinatorFaults = ["gateway", "driver", "ledger", "pause", "job-pause"] as const;
type CoordinatorFault = (typeof coordinatorFaults)[number];
const isOfCoordinator = (kind: FaultKind): kind is CoordinatorFault => (coordinatorFaults as readonly FaultKind[]).includes(kind);

export interface ChaosParts {
  readonly time: SimulatedTime;
  readonly random: SeededRandom;
  readonly ledger: SimulatedLedger;
  /** Called when there is one. */
  readonly fleet: () => SimulatedFleet;
}

/** Everything that can go wrong with a fleet, until it calms down. */
export class Chaos {
  isOn = true;
  /** How often what happened. */
  readonly faults: Record<string, number> = {};
  /** Rows that nobody can compute, by `<job>/<segment>/<block>/<row>`. */
  readonly poison = new Map<string, Poison>();
  /** Workers that fail at half of what they do. */
  readonly flaky = new Set<SimulatedWorker>();
  /** Blocks that somebody failed at who was to blame himself. */
  readonly #blamed = new Map<string, Set<string>>();
  readonly #time: SimulatedTime;
  readonly #random: SeededRandom;
  readonly #ledger: SimulatedLedger;
  readonly #fleetNow: () => SimulatedFleet;

  constructor({ time, random, ledger, fleet }: ChaosParts) {
    [this.#time, this.#random, this.#ledger, this.#fleetNow] = [time, random, ledger, fleet];
  }

  get #fleet(): SimulatedFleet {
    return this.#fleetNow();
  }

  count(name: string): void {
    this.faults[name] = (this.faults[name] ?? 0) + 1;
  }

  /** One thing after the other goes wrong from now on. */
  begin(): void {
    const { workers } = this.#fleet;
    this.#time.after(this.#random.between(200, 8000), () => {
      if (!this.isOn) return;
      const kind = this.#random.pick(faultKinds);
      this.count(kind);
      const worker = workers.length > 0 ? this.#random.pick(workers) : undefined;
      if (isOfCoordinator(kind)) this.#troubleCoordinator(kind);
      else if (worker?.wire !== undefined && !worker.gone) this.#troubleWorker(kind, worker, worker.wire);
      this.begin();
    });
  }

  /** What goes wrong with a task on a worker. */
  fateOf(worker: SimulatedWorker, task: TaskId): Fate {
    const block = nameOf(task);
    for (let row = task.first; row < task.first + task.rows; row++) {
      const kind = this.poison.get(`${block}/${row}`);
      if (kind === "vanish") {
        this.count("vanished");
        this.#cut(worker, true);
        return "vanish";
      }
      if (kind !== undefined) return failure("row", kind === "named-row" ? row - task.first : undefined);
    }
    if (!this.flaky.has(worker) || !this.#random.chance(0.5)) return "done";
    this.count("failed");
    this.#blame(worker, task);
    return failure(this.#random.pick(["oom", "device-lost", "worker-lost", "timeout", "aborted"] as const));
  }

  /** A worker that lies begins a task and will never be done with it. */
  hangs(worker: SimulatedWorker, task: TaskId): void {
    this.count("lied");
    this.#blame(worker, task);
  }

  /** Whether there was a reason to give up these rows. */
  mayBeGivenUp({ job, segment, block, first, rows }: TaskId): boolean {
    const name = nameOf({ job, segment, block });
    for (let row = first; row < first + rows; row++) if (this.poison.has(`${name}/${row}`)) return true;
    return (this.#blamed.get(name)?.size ?? 0) > 0;
  }

  calmDown(): void {
    this.isOn = false;
    const { workers, drivers, gateway } = this.#fleet;
    const coldStart = this.#random.chance(0.3);
    for (const worker of workers) {
      worker.slowdown = 1;
      if (this.flaky.delete(worker) && this.#random.chance(0.5)) worker.gone = true;
      if (worker.gone && worker.wire !== undefined) this.#close(worker, worker.wire);
      else if (!worker.gone) {
        // That it goes on may have been lost.
        worker.goOn();
        if (coldStart) this.#cut(worker, false);
        this.#redial(worker, 25_000);
      }
    }
    for (const driver of drivers) {
      gateway.handle({ kind: "job-resumed", job: driver.spec.job });
      if (driver.state === "running" && !driver.isStarted) driver.start();
    }
  }

  #blame(worker: SimulatedWorker, task: TaskId): void {
    const name = nameOf(task);
    this.#blamed.set(name, (this.#blamed.get(name) ?? new Set()).add(worker.traits.name));
  }

  /** The connection ends; the worker comes back by another one, perhaps before the gateway has seen that. */
  #cut(worker: SimulatedWorker, crashed: boolean): void {
    const { wire } = worker;
    if (wire === undefined) return;
    worker.wire = undefined;
    if (crashed) worker.crash();
    const seenAfter = this.#random.chance(0.8) ? this.#random.between(0, 50) : this.#random.between(0, 20_000);
    wire.swallowsUntil = Infinity;
    this.#time.after(seenAfter, () => {
      wire.open = false;
      this.#fleet.gateway.lose(wire);
    });
    this.#redial(worker, this.#random.between(10, crashed ? 5000 : 3000));
  }

  #troubleCoordinator(kind: CoordinatorFault): void {
    const { drivers, gateway } = this.#fleet;
    if (kind === "ledger") this.#ledger.downUntil = this.#time.now + this.#random.between(10, 15_000);
    else if (kind === "pause") gateway.pause(this.#random.between(10, 40_000));
    else if (kind === "job-pause") this.#pauseJob(this.#random.pick(drivers).spec.job);
    else if (kind === "driver") this.#troubleDriver(drivers.find(({ state, isStarted }) => state === "running" && isStarted));
    else {
      for (const worker of gateway.restart()) {
        worker.wire = undefined;
        this.#redial(worker, this.#random.between(1, 3000));
      }
    }
  }

  /** Started anew, or cut off for a while. */
  #troubleDriver(driver: SimulatedDriver | undefined): void {
    if (driver?.isPassing !== true) return driver?.start();
    driver.cut();
    this.#time.after(this.#random.between(0, 5_000), () => driver.state === "running" && driver.start());
  }

  /** Somebody at the dashboard. */
  #pauseJob(job: string): void {
    const { gateway } = this.#fleet;
    gateway.handle({ kind: "job-paused", job });
    this.#time.after(this.#random.between(100, 20_000), () => gateway.handle({ kind: "job-resumed", job }));
  }

  #troubleWorker(kind: Exclude<FaultKind, CoordinatorFault>, worker: SimulatedWorker, wire: SimulatedWire): void {
    const [time, random] = [this.#time, this.#random];
    switch (kind) {
      case "cut": return this.#cut(worker, false);
      case "crash": return this.#cut(worker, true);
      // The new connection may be seen before the old one, which nobody closes.
      case "swap": return worker.connect();
      case "freeze": worker.frozenUntil = time.now + random.between(100, 60_000); return;
      case "slow": worker.slowdown = random.pick([1, 20]); return;
      case "rest":
        worker.rest();
        return time.after(random.between(100, 30_000), () => worker.goOn());
      case "partition":
        wire.swallowsUntil = time.now + random.between(100, 30_000);
        return time.after(random.between(30_000, 40_000), () => this.#cut(worker, false));
      default: {
        if (worker.traits.name === "survivor") return;
        if (kind === "drain") worker.drain();
        else worker.gone = true;
        time.after(kind === "drain" ? random.between(0, 10_000) : 0, () => this.#close(worker, wire));
      }
    }
  }

  #close(worker: SimulatedWorker, wire: SimulatedWire): void {
    worker.gone = true;
    this.#fleet.close(worker, wire);
  }

  #redial(worker: SimulatedWorker, afterMs: number): void {
    this.#time.after(afterMs, () => {
      if (worker.wire === undefined) worker.connect();
    });
  }
}

function nameOf({ job, segment, block }: Pick<TaskId, "job" | "segment" | "block">): string {
  return `${job}/${segment}/${block}`;
}

function failure(kind: "row" | "oom" | "device-lost" | "worker-lost" | "timeout" | "aborted", row?: number): Fate {
  return { failure: kind, error: { code: kind, message: kind }, ...(row === undefined ? {} : { row }) };
}
