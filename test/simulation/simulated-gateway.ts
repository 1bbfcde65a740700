import { createScheduler, GivenBlocks, protocolVersion, schedule, type DriverToGateway, type GatewayToWorker, type Message, type RunOfBlocks, type TaskEntry, type SchedulerEffect, type SchedulerEvent, type SchedulerSettings, type SchedulerState, type TaskId, type WorkerToGateway } from "@shoal/cluster";
import { checkRows, rowsOfTask } from "./rows-of-task.ts";
import type { SimulatedDriver } from "./simulated-driver.ts";
import { resultsOf, type SimulatedLedger } from "./simulated-ledger.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import type { SimulatedWorker } from "./simulated-worker.ts";
import { segmentMessage } from "./simulated-segment.ts";
import type { SimulatedWire } from "./wire.ts";

export type Observer = (state: SchedulerState, event: SchedulerEvent, effects: readonly SchedulerEffect[]) => void;

/** Events in, effects out: around the real scheduler, what the coordinator's program will be. */
export class SimulatedGateway {
  state: SchedulerState;
  events = 0;
  readonly drivers = new Map<string, SimulatedDriver>();
  readonly #wires = new Map<string, { readonly wire: SimulatedWire; readonly worker: SimulatedWorker; readonly told: Set<string> }>();
  readonly #time: SimulatedTime;
  readonly #ledger: SimulatedLedger;
  readonly #settings: Partial<SchedulerSettings>;
  readonly #observe: Observer;
  /** Of a block that travels. */
  readonly #bytesOf: (task: TaskId) => number;
  /** Of passing jobs, by job and segment. */
  #given = new Map<string, GivenBlocks>();
  /** Results, by the keys of their tasks, that their drivers have. */
  readonly released = new Set<string>();
  #epoch = 0;
  #timerOrder = 0;
  #pausedUntil = 0;
  readonly #backlog: { readonly hear: () => void; readonly isCurrent: () => boolean }[] = [];
  /** Called for what the clock says; it may say nonsense. */
  readonly #readClock: () => number;

  constructor(time: SimulatedTime, ledger: SimulatedLedger, settings: Partial<SchedulerSettings>, observe: Observer, bytesOf: (task: TaskId) => number, readClock: () => number = () => time.now) {
    [this.#time, this.#ledger, this.#settings, this.#observe, this.#bytesOf, this.#readClock] = [time, ledger, settings, observe, bytesOf, readClock];
    this.state = createScheduler({ ...settings, epoch: 0 });
  }

  accept(wire: SimulatedWire, worker: SimulatedWorker): void {
    this.#wires.set(wire.name, { wire, worker, told: new Set() });
    wire.onRefused = () => this.#close(wire.name);
  }

  deliver(wire: SimulatedWire, message: Message<WorkerToGateway>): void {
    const known = this.#wires.get(wire.name);
    if (known !== undefined) this.handle(eventOf(message, wire.name, known.worker.traits.volunteer));
  }

  deliverFromDriver({ header, payload }: Message<DriverToGateway>, driver: SimulatedDriver, isCurrent: () => boolean): void {
    if (header.kind === "offer" && header.taken !== undefined) this.#hear(() => this.taken(header, header.taken ?? []), isCurrent);
    this.handle(eventOfDriver(header, payload, driver), isCurrent);
  }

  /** Its driver has these blocks. */
  taken({ job, segment }: Pick<TaskId, "job" | "segment">, runs: readonly RunOfBlocks[]): void {
    for (const result of this.given(job, segment).take(runs)) this.released.add(result);
  }

  /** Blocks that were handed over, of which it is not known that their driver has them. */
  given(job: string, segment: number): GivenBlocks {
    const name = `${job}/${segment}`;
    const given = this.#given.get(name) ?? new GivenBlocks();
    this.#given.set(name, given);
    return given;
  }

  #give(driver: SimulatedDriver, segment: number, block: number): void {
    const { spec: { job }, inputs } = driver;
    const results = resultsOf(this.#ledger, job, segment, block, inputs[segment]?.rows(block) ?? 0);
    for (const result of results) if (this.released.has(result)) throw new Error(`${result} is asked for, and its driver said that it has it`);
    this.given(job, segment).give(block, results);
  }

  /** The socket closed. */
  lose(wire: SimulatedWire): void {
    if (this.#wires.delete(wire.name)) this.handle({ kind: "connection-lost", connection: wire.name });
  }

  /** The process stands still: what comes in waits. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#time.now + ms);
    this.#time.at(this.#pausedUntil, () => {
      if (this.#time.now < this.#pausedUntil) return;
      for (const { hear, isCurrent } of this.#backlog.splice(0)) if (isCurrent()) hear();
    });
  }

  /** `isCurrent`: whether the connection by which it came still stands when its turn comes. */
  handle(event: SchedulerEvent, isCurrent: () => boolean = () => true): void {
    this.#hear(() => this.#handle(event), isCurrent);
  }

  #hear(hear: () => void, isCurrent: () => boolean): void {
    if (this.#time.now < this.#pausedUntil) this.#backlog.push({ hear, isCurrent });
    else hear();
  }

  #handle(event: SchedulerEvent): void {
    this.events++;
    if (event.kind === "worker-joined") this.#tell(event.connection, { kind: "welcome", protocol: protocolVersion, key: `key of ${event.worker}`, name: "simulation", beatMs: 4000 });
    const effects = schedule(this.state, event, this.#readClock());
    if (event.kind === "job-submitted") this.drivers.get(event.spec.job)?.tell({ kind: "accepted", job: event.spec.job, committedBlocks: 0, missing: [] });
    this.#observe(this.state, event, effects);
    for (const effect of effects) this.#perform(effect);
  }

  /** Killed, and started again: all that is left is the ledger. */
  restart(): SimulatedWorker[] {
    this.#epoch++;
    this.#pausedUntil = 0;
    this.#backlog.length = 0;
    this.#given = new Map();
    const cut = [...this.#wires.values()];
    for (const { wire } of cut) wire.open = false;
    this.#wires.clear();
    this.state = createScheduler({ ...this.#settings, epoch: this.#epoch });
    for (const driver of this.drivers.values()) {
      if (driver.state !== "running") continue;
      this.handle({ kind: "job-submitted", spec: driver.spec });
      for (const { task, entry } of this.#ledger.entries.values()) if (task.job === driver.spec.job) this.handle({ kind: "ledger-replayed", task, entry });
      driver.start();
    }
    return cut.map(({ worker }) => worker);
  }

  #perform(effect: SchedulerEffect): void {
    switch (effect.kind) {
      case "lease": return this.#lease(effect);
      case "revoke": return this.#tell(effect.connection, { kind: "revoke", tasks: effect.tasks, why: effect.why });
      case "close": return this.#close(effect.connection);
      case "settle":
      case "refuse": return this.#tell(effect.connection, { kind: effect.kind, task: effect.task, attempt: effect.attempt });
      case "commit": return this.#commit(effect.task, effect.entry);
      case "set-timer": {
        const order = ++this.#timerOrder;
        return this.#time.at(effect.at, () => {
          if (order === this.#timerOrder) this.handle({ kind: "tick" });
        });
      }
      case "ask-for-blocks": return this.drivers.get(effect.job)?.tell({ ...effect, kind: "ask" });
      case "block-done": {
        const driver = this.drivers.get(effect.job);
        if (driver?.isPassing === true) this.#give(driver, effect.segment, effect.block);
        return driver?.tell(effect);
      }
      case "job-failed": return this.drivers.get(effect.job)?.tell(effect);
      case "job-done": {
        const driver = this.drivers.get(effect.job);
        if (driver !== undefined) Object.assign(driver, { state: "done", quarantinedRows: effect.quarantinedRows });
        return;
      }
      default:
    }
  }

  #commit(task: TaskId, entry: TaskEntry): void {
    const epoch = this.#epoch;
    this.#ledger.commit(task, entry, () => epoch === this.#epoch, (answer) => this.handle({ ...answer, task }));
  }

  #lease({ connection, lease, leaseMs, duplicate, tasks }: Extract<SchedulerEffect, { kind: "lease" }>): void {
    const known = this.#wires.get(connection);
    if (known === undefined) return;
    for (const { task: { job, segment } } of tasks) {
      const name = `${job}/${segment}`;
      if (known.told.has(name)) continue;
      known.told.add(name);
      this.#tell(connection, segmentMessage(job, segment));
    }
    this.#tell(connection, { kind: "lease", lease, leaseMs, duplicate, tasks: tasks.map(({ task, attempt }) => ({ task, attempt, bytes: this.#bytesOf(task) })) });
    for (const { task, attempt } of tasks) this.#tell(connection, { kind: "block", task, attempt }, rowsOfTask(task));
  }

  #close(connection: string): void {
    const known = this.#wires.get(connection);
    if (known === undefined) return;
    this.lose(known.wire);
    known.wire.open = false;
    known.worker.closed(known.wire);
  }

  #tell(connection: string, header: GatewayToWorker, payload?: Uint8Array): void {
    const known = this.#wires.get(connection);
    known?.wire.down(header, payload, (message) => known.worker.receive(message, known.wire));
  }
}

/** What a driver's message means to the scheduler. */
function eventOfDriver(header: DriverToGateway, payload: Uint8Array | undefined, { spec, inputs }: SimulatedDriver): SchedulerEvent {
  switch (header.kind) {
    case "submit": return { kind: "job-submitted", spec };
    case "offer": {
      const { job, segment, block, rows } = header;
      checkRows({ job, segment, block, first: 0, rows }, payload);
      return { kind: "block-offered", job, segment, block, rows, bytes: inputs[segment]?.bytes(block) ?? 0 };
    }
    case "input-ended": return header;
    case "cancel": return { kind: "job-cancelled", job: header.job };
    default: throw new Error(`no simulated driver says ${header.kind}`);
  }
}

/** No gateway believes that more of a model has come than it has. */
const modelBytes = 1_000_000;

/** What a worker's message means to the scheduler. */
function eventOf({ header, payload }: Message<WorkerToGateway>, connection: string, volunteer: boolean): SchedulerEvent {
  switch (header.kind) {
    case "hello": {
      const { host, devices, memoryBytes, models, cpus, gpus, runsCode } = header.worker as NonNullable<typeof header.worker>;
      return { kind: "worker-joined", connection, worker: header.name, host, devices, memoryBytes, cpus, gpus, runsCode, volunteer, models, credit: 2 };
    }
    case "ready": return { ...header, kind: "worker-ready", connection };
    case "beat": return { kind: "beat", connection, rows: header.rows, ...(header.running === undefined ? {} : { running: header.running }), ...(header.loading === undefined ? {} : { loading: true, loadedBytes: Math.min(header.loading.doneBytes, modelBytes) }) };
    case "result":
      checkRows(header.task, payload);
      return { kind: "result", connection, task: header.task, attempt: header.attempt };
    case "failed": return { ...header, connection };
    case "draining": return { kind: "worker-draining", connection, finishing: header.finishing };
  }
}
