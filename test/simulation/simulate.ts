import type { ConcreteDevice } from "@shoal/core";
import type { DriverToGateway, JobSpec, Message, SchedulerEffect, SchedulerEvent, SchedulerSettings, SchedulerState, SegmentSpec, TaskId, WorkerToGateway } from "@shoal/cluster";
import { seededRandom } from "@shoal/testing";
import { Invariants } from "./invariants.ts";
import { SimulatedDriver, type SimulatedInput } from "./simulated-driver.ts";
import { SimulatedGateway } from "./simulated-gateway.ts";
import { SimulatedLiar } from "./simulated-liar.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { SimulatedTime } from "./simulated-time.ts";
import { SimulatedWorker, type Fate, type WorkerTraits } from "./simulated-worker.ts";
import { asBytes, type WireFormat } from "./wire-format.ts";
import { SimulatedWire, type WireFaults } from "./wire.ts";

export interface Outcome {
  readonly seed: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly quarantinedRows: number;
  readonly splits: number;
  readonly faults: Readonly<Record<string, number>>;
}

export const faultKinds = ["cut", "crash", "freeze", "slow", "leave", "drain", "gateway", "driver", "ledger", "pause", "partition", "swap", "rest", "job-pause"] as const;
export type FaultKind = (typeof faultKinds)[number];

const coordinatorFaults = ["gateway", "driver", "ledger", "pause", "job-pause"] as const;
type CoordinatorFault = (typeof coordinatorFaults)[number];
const isOfCoordinator = (kind: FaultKind): kind is CoordinatorFault => (coordinatorFaults as readonly FaultKind[]).includes(kind);

const chaosMs = 90_000;
/** Exclusions may last five minutes, and a guilty row is sought by three workers at each halving. */
const endMs = 4 * 3600_000;
/** More would be running in circles. */
const mostEvents = 100_000;

const models = ["model-0", "model-1", "model-2"] as const;

const bytesOf = (task: TaskId): number => task.rows * 100;

/** One schedule of a small fleet in which everything goes wrong that can, from a seed; then the faults end, and with one able worker so must the jobs. */
export function simulate(seed: number, format: WireFormat = asBytes, trace?: (now: number, event: SchedulerEvent, effects: readonly SchedulerEffect[]) => void): Outcome {
  const random = seededRandom(seed);
  const time = new SimulatedTime();
  const ledger = new SimulatedLedger(time, random, random.chance(0.5) ? 0.1 : 0, random.chance(0.2) ? 0.05 : 0);
  const faults: Record<string, number> = {};
  const count = (name: string): void => void (faults[name] = (faults[name] ?? 0) + 1);
  const settings: Partial<SchedulerSettings> = { stallMs: 40_000, loadStallMs: 60_000, ...(random.chance(0.2) ? { maxOpenBlocks: random.between(1, 8) } : {}), ...(random.chance(0.1) ? { maxCommitting: 2 } : {}), ...(random.chance(0.2) ? { rememberedWorkers: 1 } : {}) };
  const jumpy = random.chance(0.2);
  const drivers: SimulatedDriver[] = [];
  const invariants: Invariants = new Invariants(ledger, drivers, (job, segment) => gateway.given(job, segment).size);
  const gateway: SimulatedGateway = new SimulatedGateway(time, ledger, settings, (state, event, effects) => { trace?.(state.now, event, effects); invariants.check(state, event, effects); }, bytesOf, () => (jumpy && random.chance(0.05) ? time.now - random.between(1, 100_000) : time.now));
  const inputs = new Map<string, { readonly spec: SegmentSpec; readonly bytes: number }>();
  const poison = new Map<string, "row" | "named-row" | "vanish">();
  const blamed = new Map<string, Set<string>>();
  let chaos = true;

  const jobs = random.between(1, 3);
  for (let job = 0; job < jobs; job++) submit(`job-${job}`);

  const around = {
    time,
    dial: (worker: SimulatedWorker): SimulatedWire => {
      const wireFaults: WireFaults = { loss: () => (chaos && lossy ? 0.02 : 0), duplication: doubling ? 0.05 : 0, jitterMs: random.between(0, 200) };
      const wire = new SimulatedWire(`${worker.traits.name}#${++dials}`, time, random, worker.traits.latencyMs * (1 + random.next()), wireFaults, format);
      gateway.accept(wire, worker);
      return wire;
    },
    deliver: (_worker: SimulatedWorker, wire: SimulatedWire, header: WorkerToGateway, payload?: Uint8Array) => wire.up(header, payload, (message) => gateway.deliver(wire, message)),
    modelOf: (task: TaskId) => {
      const model = inputs.get(`${task.job}/${task.segment}`)?.spec.needs.model;
      return model === undefined ? undefined : { hash: model.hash, bytes: 0, initMs: model.loadMs };
    },
    bytesOf,
    fateOf,
    onHang: (worker: SimulatedWorker, task: TaskId) => {
      count("lied");
      blame(worker, task);
    },
  };
  let dials = 0;
  const lossy = random.chance(0.2);
  const doubling = random.chance(0.3);
  const workers: SimulatedWorker[] = [];
  const flaky = new Set<SimulatedWorker>();
  const fleet = random.between(1, 7);
  for (let n = 0; n < fleet; n++) time.after(random.chance(0.7) ? random.between(0, 2000) : random.between(0, chaosMs), () => lend(`worker-${n}`, random.chance(0.15)));
  // One that can do anything, and stays.
  time.after(random.between(0, chaosMs), () => lend("survivor", false, true));
  misbehave();
  time.after(chaosMs, calmDown);

  let steps = 0;
  while (drivers.some(({ state }) => state === "running")) {
    if (time.now > endMs || gateway.events > mostEvents || ++steps > 10 * mostEvents || !time.step()) throw new Error(`the jobs do not end by ${Math.round(time.now / 1000)} s: ${drivers.map(({ spec, state, done }) => `${spec.job} ${state} ${done.map((set) => set.size).join("+")}`).join(", ")}\n${describe(gateway.state)}`);
  }
  invariants.complete((job, segment, block, first, rows) => {
    for (let row = first; row < first + rows; row++) if (poison.has(`${job}/${segment}/${block}/${row}`)) return true;
    return (blamed.get(`${job}/${segment}/${block}`)?.size ?? 0) > 0;
  });
  let splits = 0;
  for (const { entry } of ledger.entries.values()) if (entry.kind === "split") splits++;
  return { seed, events: gateway.events, simulatedMs: time.now, quarantinedRows: drivers.reduce((sum, driver) => sum + driver.quarantinedRows, 0), splits, faults };

  function submit(job: string): void {
    const segments = Array.from({ length: random.between(1, 2) }, (_, segment): SegmentSpec => {
      const devices: readonly ConcreteDevice[] = random.pick<readonly ConcreteDevice[]>([[], [], ["webgpu"], ["webgpu", "cuda"], ["cpu", "wasm"]]);
      const spec: SegmentSpec = {
        needs: { devices, memoryBytes: random.pick([0, 0, 2e9]), cpus: random.pick([0, 1, 4]), gpus: random.pick([0, 0, 0, 1]), runsCode: random.chance(0.1), trusted: random.chance(0.2), ...(random.chance(0.6) ? { model: { hash: random.pick(models), loadMs: random.between(10, 8000) } } : {}) },
        divisible: random.chance(0.9),
        inOrder: random.chance(0.7),
        ...(random.chance(0.3) ? { expectedBlocks: random.between(1, 40) } : {}),
      };
      inputs.set(`${job}/${segment}`, { spec, bytes: 1000 });
      return spec;
    });
    const spec: JobSpec = { job, priority: random.between(0, 1), weight: random.pick([1, 1, 3]), segments };
    const sizes = segments.map((): SimulatedInput => {
      const most = random.between(1, 40);
      const even = random.chance(0.5);
      return { blocks: random.between(0, 24), rows: (block) => (even ? most : 1 + ((block * 7919 + seed) % most)), bytes: (block) => 1000 + block };
    });
    for (const [segment, { blocks, rows }] of sizes.entries()) {
      for (let block = 0; block < blocks; block++) {
        if (random.chance(0.02)) poison.set(`${job}/${segment}/${block}/${random.between(0, rows(block) - 1)}`, random.pick(["row", "named-row", "vanish"] as const));
      }
    }
    const driver = new SimulatedDriver(spec, sizes, time, random.chance(0.5) ? 0 : random.between(1, 300), format, fromDriver, segments.some(({ inOrder }) => inOrder), random.chance(0.6));
    drivers.push(driver);
    gateway.drivers.set(job, driver);
    time.after(random.chance(0.7) ? 0 : random.between(0, chaosMs / 2), () => driver.start());
  }

  /** What it says of results that it has may come once more, and later. */
  function fromDriver(message: Message<DriverToGateway>, from: SimulatedDriver, isCurrent: () => boolean): void {
    gateway.deliverFromDriver(message, from, isCurrent);
    const { header } = message;
    if (header.kind !== "offer" || header.taken === undefined || !random.chance(0.1)) return;
    const { taken } = header;
    count("taken-again");
    time.after(random.between(0, 20_000), () => gateway.taken(header, taken));
  }

  function lend(name: string, isFlaky: boolean, isAble = false): void {
    const traits: WorkerTraits = {
      name, host: random.chance(0.3) ? "tab" : "machine",
      devices: isAble ? ["cpu", "wasm", "webgpu", "cuda"] : random.pick<readonly ConcreteDevice[]>([["cpu"], ["wasm"], ["wasm", "webgpu"], ["cpu", "cuda"], ["cpu", "webgpu"]]),
      memoryBytes: isAble ? 16e9 : random.pick([1e9, 4e9, 16e9]),
      // 1 : 100.
      rowsPerMs: 0.0005 * 100 ** random.next(), bandwidth: 1000, latencyMs: random.between(1, 150), beatMs: 4000,
      cpus: isAble ? 16 : random.pick([1, 8]), gpus: isAble ? 1 : random.between(0, 1), runsCode: isAble || random.chance(0.5), volunteer: !isAble && random.chance(0.3),
      liar: !isAble && random.chance(0.15) ? new SimulatedLiar(random, models) : undefined,
    };
    const worker = new SimulatedWorker(traits, around);
    workers.push(worker);
    if (isFlaky) flaky.add(worker);
    worker.connect();
  }

  function fateOf(worker: SimulatedWorker, task: TaskId): Fate {
    const block = `${task.job}/${task.segment}/${task.block}`;
    for (let row = task.first; row < task.first + task.rows; row++) {
      const kind = poison.get(`${block}/${row}`);
      if (kind === "vanish") {
        count("vanished");
        cut(worker, true);
        return "vanish";
      }
      if (kind !== undefined) return failure("row", kind === "named-row" ? row - task.first : undefined);
    }
    if (!flaky.has(worker) || !random.chance(0.5)) return "done";
    count("failed");
    blame(worker, task);
    return failure(random.pick(["oom", "device-lost", "worker-lost", "timeout", "aborted"] as const));
  }

  function blame(worker: SimulatedWorker, { job, segment, block }: TaskId): void {
    const name = `${job}/${segment}/${block}`;
    blamed.set(name, (blamed.get(name) ?? new Set()).add(worker.traits.name));
  }

  function failure(kind: "row" | "oom" | "device-lost" | "worker-lost" | "timeout" | "aborted", row?: number): Fate {
    return { failure: kind, error: { code: kind, message: kind }, ...(row === undefined ? {} : { row }) };
  }

  /** The connection ends; the worker comes back by another one, perhaps before the gateway has seen that. */
  function cut(worker: SimulatedWorker, crashed: boolean): void {
    const { wire } = worker;
    if (wire === undefined) return;
    worker.wire = undefined;
    if (crashed) worker.crash();
    const seenAfter = random.chance(0.8) ? random.between(0, 50) : random.between(0, 20_000);
    wire.swallowsUntil = Infinity;
    time.after(seenAfter, () => {
      wire.open = false;
      gateway.lose(wire);
    });
    redial(worker, random.between(10, crashed ? 5000 : 3000));
  }

  function misbehave(): void {
    time.after(random.between(200, 8000), () => {
      if (!chaos) return;
      const kind = random.pick(faultKinds);
      count(kind);
      const worker = workers.length > 0 ? random.pick(workers) : undefined;
      if (isOfCoordinator(kind)) troubleCoordinator(kind);
      else if (worker?.wire !== undefined && !worker.gone) troubleWorker(kind, worker, worker.wire);
      misbehave();
    });
  }

  function troubleCoordinator(kind: CoordinatorFault): void {
    if (kind === "ledger") ledger.downUntil = time.now + random.between(10, 15_000);
    else if (kind === "pause") gateway.pause(random.between(10, 40_000));
    else if (kind === "job-pause") pauseJob(random.pick(drivers).spec.job);
    else if (kind === "driver") troubleDriver(drivers.find(({ state, isStarted }) => state === "running" && isStarted));
    else {
      for (const worker of gateway.restart()) {
        worker.wire = undefined;
        redial(worker, random.between(1, 3000));
      }
    }
  }

  /** Started anew, or cut off for a while. */
  function troubleDriver(driver: SimulatedDriver | undefined): void {
    if (driver?.isPassing !== true) return driver?.start();
    driver.cut();
    time.after(random.between(0, 5_000), () => driver.state === "running" && driver.start());
  }

  /** Somebody at the dashboard. */
  function pauseJob(job: string): void {
    gateway.handle({ kind: "job-paused", job });
    time.after(random.between(100, 20_000), () => gateway.handle({ kind: "job-resumed", job }));
  }

  function troubleWorker(kind: Exclude<FaultKind, CoordinatorFault>, worker: SimulatedWorker, wire: SimulatedWire): void {
    switch (kind) {
      case "cut": return cut(worker, false);
      case "crash": return cut(worker, true);
      // The new connection may be seen before the old one, which nobody closes.
      case "swap": return worker.connect();
      case "freeze": worker.frozenUntil = time.now + random.between(100, 60_000); return;
      case "slow": worker.slowdown = random.pick([1, 20]); return;
      case "rest":
        worker.rest();
        return time.after(random.between(100, 30_000), () => worker.goOn());
      case "partition":
        wire.swallowsUntil = time.now + random.between(100, 30_000);
        return time.after(random.between(30_000, 40_000), () => cut(worker, false));
      default: {
        if (worker.traits.name === "survivor") return;
        if (kind === "drain") worker.drain();
        else worker.gone = true;
        time.after(kind === "drain" ? random.between(0, 10_000) : 0, () => close(worker, wire));
      }
    }
  }

  function close(worker: SimulatedWorker, wire: SimulatedWire): void {
    worker.gone = true;
    worker.crash();
    wire.open = false;
    gateway.lose(wire);
  }

  function redial(worker: SimulatedWorker, afterMs: number): void {
    time.after(afterMs, () => {
      if (worker.wire === undefined) worker.connect();
    });
  }

  function calmDown(): void {
    chaos = false;
    const coldStart = random.chance(0.3);
    for (const worker of workers) {
      worker.slowdown = 1;
      if (flaky.delete(worker) && random.chance(0.5)) worker.gone = true;
      if (worker.gone && worker.wire !== undefined) close(worker, worker.wire);
      else if (!worker.gone) {
        // That it goes on may have been lost.
        worker.goOn();
        if (coldStart) cut(worker, false);
        redial(worker, 25_000);
      }
    }
    for (const driver of drivers) {
      gateway.handle({ kind: "job-resumed", job: driver.spec.job });
      if (driver.state === "running" && !driver.isStarted) driver.start();
    }
  }
}


/** What a scheduler that does not get on has. */
function describe(state: SchedulerState): string {
  const workers = [...state.workers.values()].map((worker) => `${worker.name} ${worker.status} ${worker.joined.devices.join("+")} ${worker.joined.memoryBytes / 1e9} GB, leases ${worker.leases.size}/${worker.credit}: ${[...worker.attempts.keys()].join(" ")}${state.waiting.has(worker) ? ", waits" : ""}`);
  const blocks = [...state.jobs.values()].flatMap((job) => job.segments.flatMap((segment) => [
    `${job.spec.job}/${segment.index} asked ${segment.asked}, offered ${segment.offered}, total ${segment.total}, ready ${segment.readyTasks}, able ${segment.able}, needs ${JSON.stringify(segment.spec.needs)}, strikes ${JSON.stringify([...job.strikes])}`,
    ...[...segment.open.values()].flatMap(({ block, parts }) => parts.map(({ first, rows, place, attempts, committing, trouble }) => `  ${block}: ${first}+${rows} ${place} attempts ${attempts.map(({ number }) => number).join(" ")} ${committing === undefined ? "" : `committing ${committing.entry.kind}`} failures ${trouble?.failures ?? 0} by ${trouble?.failedBy.size ?? 0}`)).slice(0, 5),
  ]));
  return [`at ${state.now}, timers ${state.timers.size} next ${state.timers.peek()?.at} asked ${state.timerAt}, wake ${state.wakeAt}`, ...workers, ...blocks].join("\n");
}
