import type { DriverToGateway, Message, SchedulerEffect, SchedulerEvent, SchedulerSettings, SegmentSpec, TaskId } from "@shoal/cluster";
import { seededRandom } from "@shoal/testing";
import { Chaos } from "./chaos.ts";
import { describeScheduler } from "./describe-scheduler.ts";
import { Invariants } from "./invariants.ts";
import { randomJob, randomWorker } from "./random-fleet.ts";
import type { SimulatedDriver } from "./simulated-driver.ts";
import { SimulatedFleet, type Road } from "./simulated-fleet.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { SimulatedTime } from "./simulated-time.ts";
import type { WorkerTraits } from "./simulated-worker.ts";
import { asBytes, type WireFormat } from "./wire-format.ts";

export interface Outcome {
  readonly seed: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly quarantinedRows: number;
  readonly splits: number;
  readonly faults: Readonly<Record<string, number>>;
}

const chaosMs = 90_000;
/** Exclusions may last five minutes, and a guilty row is sought by three workers at each halving. */
const endMs = 4 * 3600_000;
/** More would be running in circles. */
const mostEvents = 100_000;

const bytesOf = (task: TaskId): number => task.rows * 100;

/** One schedule of a small fleet in which everything goes wrong that can, from a seed; then the faults end, and with one able worker so must the jobs. */
export function simulate(seed: number, format: WireFormat = asBytes, trace?: (now: number, event: SchedulerEvent, effects: readonly SchedulerEffect[]) => void): Outcome {
  const random = seededRandom(seed);
  const time = new SimulatedTime();
  const ledger = new SimulatedLedger(time, random, random.chance(0.5) ? 0.1 : 0, random.chance(0.2) ? 0.05 : 0);
  const settings: Partial<SchedulerSettings> = { stallMs: 40_000, loadStallMs: 60_000, ...(random.chance(0.2) ? { maxOpenBlocks: random.between(1, 8) } : {}), ...(random.chance(0.1) ? { maxCommitting: 2 } : {}), ...(random.chance(0.2) ? { rememberedWorkers: 1 } : {}) };
  const jumpy = random.chance(0.2);
  const segments = new Map<string, SegmentSpec>();
  const chaos: Chaos = new Chaos({ time, random, ledger, fleet: () => fleet });
  const roadOf = ({ latencyMs }: WorkerTraits): Road => ({
    faults: { loss: () => (chaos.isOn && lossy ? 0.02 : 0), duplication: doubling ? 0.05 : 0, jitterMs: random.between(0, 200) },
    latencyMs: latencyMs * (1 + random.next()),
  });
  const fleet: SimulatedFleet = new SimulatedFleet({
    time, random, ledger, settings, format, bytesOf, roadOf,
    observe: (state, event, effects) => {
      trace?.(state.now, event, effects);
      invariants.check(state, event, effects);
    },
    readClock: () => (jumpy && random.chance(0.05) ? time.now - random.between(1, 100_000) : time.now),
    modelOf: ({ job, segment }) => {
      const model = segments.get(`${job}/${segment}`)?.needs.model;
      return model === undefined ? undefined : { hash: model.hash, bytes: 0, initMs: model.loadMs };
    },
    fateOf: (worker, task) => chaos.fateOf(worker, task),
    onHang: (worker, task) => chaos.hangs(worker, task),
  });
  const { gateway, drivers } = fleet;
  const invariants: Invariants = new Invariants(ledger, drivers, (job, segment) => gateway.given(job, segment).size);

  const jobs = random.between(1, 3);
  for (let job = 0; job < jobs; job++) submit(`job-${job}`);
  const lossy = random.chance(0.2);
  const doubling = random.chance(0.3);
  const workers = random.between(1, 7);
  for (let n = 0; n < workers; n++) time.after(random.chance(0.7) ? random.between(0, 2000) : random.between(0, chaosMs), () => lend(`worker-${n}`, random.chance(0.15)));
  // One that can do anything, and stays.
  time.after(random.between(0, chaosMs), () => lend("survivor", false, true));
  chaos.begin();
  time.after(chaosMs, () => chaos.calmDown());

  let steps = 0;
  while (drivers.some(({ state }) => state === "running")) {
    if (time.now > endMs || gateway.events > mostEvents || ++steps > 10 * mostEvents || !time.step()) throw new Error(`the jobs do not end by ${Math.round(time.now / 1000)} s: ${drivers.map(({ spec, state, done }) => `${spec.job} ${state} ${done.map((set) => set.size).join("+")}`).join(", ")}\n${describeScheduler(gateway.state)}`);
  }
  invariants.complete((job, segment, block, first, rows) => chaos.mayBeGivenUp({ job, segment, block, first, rows }));
  let splits = 0;
  for (const { entry } of ledger.entries.values()) if (entry.kind === "split") splits++;
  return { seed, events: gateway.events, simulatedMs: time.now, quarantinedRows: drivers.reduce((sum, driver) => sum + driver.quarantinedRows, 0), splits, faults: chaos.faults };

  function submit(job: string): void {
    const { spec, inputs, poison } = randomJob(job, random, seed);
    for (const [segment, each] of spec.segments.entries()) segments.set(`${job}/${segment}`, each);
    for (const [row, kind] of poison) chaos.poison.set(row, kind);
    const driver = fleet.bring(spec, inputs, { readMs: random.chance(0.5) ? 0 : random.between(1, 300), inOrder: spec.segments.some(({ inOrder }) => inOrder), isPassing: random.chance(0.6), take: fromDriver });
    time.after(random.chance(0.7) ? 0 : random.between(0, chaosMs / 2), () => driver.start());
  }

  /** What it says of results that it has may come once more, and later. */
  function fromDriver(message: Message<DriverToGateway>, from: SimulatedDriver, isCurrent: () => boolean): void {
    gateway.deliverFromDriver(message, from, isCurrent);
    const { header } = message;
    if (header.kind !== "offer" || header.taken === undefined || !random.chance(0.1)) return;
    const { taken } = header;
    chaos.count("taken-again");
    time.after(random.between(0, 20_000), () => gateway.taken(header, taken));
  }

  function lend(name: string, isFlaky: boolean, isAble = false): void {
    const worker = fleet.lend(randomWorker(name, random, isAble));
    if (isFlaky) chaos.flaky.add(worker);
    worker.connect();
  }
}
