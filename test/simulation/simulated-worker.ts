import { protocolVersion, type AttemptId, type BeatMessage, type GatewayToWorker, type LeasedTask, type Message, type TaskId, type WorkerJoined, type WorkerToGateway } from "@shoal/cluster";
import type { ErrorData, FailureClass } from "@shoal/core";
import { checkRows, rowsOfTask } from "./rows-of-task.ts";
import type { SimulatedLiar } from "./simulated-liar.ts";
import type { SimulatedTime } from "./simulated-time.ts";
import type { SimulatedWire } from "./wire.ts";

export interface WorkerTraits {
  readonly name: string;
  readonly host: WorkerJoined["host"];
  readonly devices: WorkerJoined["devices"];
  readonly memoryBytes: number;
  readonly rowsPerMs: number;
  /** Bytes per ms, each way. */
  readonly bandwidth: number;
  readonly latencyMs: number;
  readonly beatMs: number;
  readonly cpus: number;
  readonly gpus: number;
  readonly runsCode: boolean;
  /** Came by a link for strangers. */
  readonly volunteer: boolean;
  /** What it says is not so. */
  readonly liar?: SimulatedLiar | undefined;
}

export interface WorkerSurroundings {
  readonly time: SimulatedTime;
  readonly dial: (worker: SimulatedWorker) => SimulatedWire;
  readonly deliver: (worker: SimulatedWorker, wire: SimulatedWire, header: WorkerToGateway, payload?: Uint8Array) => void;
  readonly modelOf: (task: TaskId) => { readonly hash: string; readonly bytes: number; readonly initMs: number } | undefined;
  readonly bytesOf: (task: TaskId) => number;
  /** One that lies begins a task of which it will never say that it is done. */
  readonly onHang?: (worker: SimulatedWorker, task: TaskId) => void;
  /** What goes wrong with this task on this worker. */
  readonly fateOf: (worker: SimulatedWorker, task: TaskId) => Fate;
}

export type Fate = "done" | "vanish" | { readonly failure: FailureClass; readonly error: ErrorData; readonly row?: number };

const reconnectMs = 1_000;
const retryPresentingMs = 20_000;
/** Blocks for which this long nothing has come are on their way no more. */
const arrivesWithinMs = 30_000;

interface Queued extends LeasedTask {
  readonly bytes: number;
  /** When its rows are here; undefined before they begin to come. */
  fetchedAt: number | undefined;
}

/** A worker: it fetches, loads and computes what it is leased, in order, holds its results until they are settled, and may be out of order itself. */
export class SimulatedWorker {
  readonly traits: WorkerTraits;
  wire: SimulatedWire | undefined;
  /** 1: as fast as it says. */
  slowdown = 1;
  frozenUntil = 0;
  /** Closed for good. */
  gone = false;
  readonly models = new Set<string>();
  readonly #around: WorkerSurroundings;
  readonly #queue: Queued[] = [];
  /** Segments that this connection has told of. */
  readonly #segments = new Set<string>();
  readonly #inbox: { readonly message: Message<GatewayToWorker>; readonly wire: SimulatedWire }[] = [];
  #heardAt = 0;
  readonly #held = new Map<string, LeasedTask & { presentedAt: number }>();
  #running: (LeasedTask & { startedAt: number; ms: number }) | undefined;
  #loading: string | undefined;
  #downFree = 0;
  #upFree = 0;
  #life = 0;
  #beating = false;

  constructor(traits: WorkerTraits, around: WorkerSurroundings) {
    this.traits = traits;
    this.#around = around;
  }

  get heldResults(): number {
    return this.#held.size;
  }

  connect(): void {
    if (this.gone) return;
    const { name, host, devices, memoryBytes, beatMs, cpus, gpus, runsCode } = this.traits;
    this.wire = this.#around.dial(this);
    // What has not begun was offered to others when the last connection ended.
    this.#queue.length = 0;
    this.#segments.clear();
    this.#send({ kind: "hello", protocol: protocolVersion, role: "worker", name, worker: { label: name, host, runtime: "simulated", devices, cpus, gpus, memoryBytes, models: [...this.models], runsCode } });
    if (!this.#beating) {
      this.#beating = true;
      this.#later(beatMs, () => this.#beat());
    }
  }

  /** The other side closed the connection. */
  closed(wire: SimulatedWire): void {
    if (wire !== this.wire) return;
    this.wire = undefined;
    this.#around.time.after(reconnectMs, () => {
      if (this.wire === undefined) this.connect();
    });
  }

  /** Everything in memory is lost; the cache of models is not. */
  crash(): void {
    this.#life++;
    this.#inbox.length = 0;
    this.#queue.length = 0;
    this.#held.clear();
    this.#running = undefined;
    this.#loading = undefined;
    this.#beating = false;
    this.frozenUntil = 0;
    this.wire = undefined;
  }

  /** Begins nothing more until it goes on. */
  rest(): void {
    this.#queue.length = 0;
    this.#send({ kind: "ready", credit: 0, finishing: this.#finishing });
  }

  goOn(): void {
    this.#send({ kind: "ready", credit: 2 });
  }

  drain(): void {
    this.#queue.length = 0;
    this.#send({ kind: "draining", finishing: this.#finishing });
  }

  get #finishing(): readonly number[] {
    return this.#running === undefined ? [] : [this.#running.attempt.number];
  }

  receive(message: Message<GatewayToWorker>, wire: SimulatedWire): void {
    this.#inbox.push({ message, wire });
    // Of two that came while it was frozen, and frozen again, the later may be due first.
    this.#later(0, () => {
      for (const one of this.#inbox.splice(0)) if (one.wire === this.wire) this.#handle(one.message, one.wire);
    });
  }

  #handle({ header, payload }: Message<GatewayToWorker>, wire: SimulatedWire): void {
    this.#heardAt = this.#around.time.now;
    switch (header.kind) {
      case "welcome":
        for (const held of this.#held.values()) this.#present(held);
        return;
      case "segment": return void this.#segments.add(`${header.job}/${header.segment}`);
      case "lease":
        if (!header.tasks.every(({ task }) => this.#segments.has(`${task.job}/${task.segment}`))) return wire.refuse(new Error("a lease of a segment that was never told"));
        for (const leased of header.tasks) if (!this.#knows(leased.attempt)) this.#queue.push({ ...leased, fetchedAt: undefined });
        return;
      case "block":
        checkRows(header.task, payload);
        return this.#take(header.attempt);
      case "revoke": return this.#giveBack(header.tasks);
      case "settle":
      case "refuse": return void this.#held.delete(keyOf(header.attempt));
      default: throw new Error(`nobody here says ${header.kind}`);
    }
  }

  /** Its rows begin to come. Blocks come in the order of their leases, so those before it that have not come were lost. */
  #take(attempt: AttemptId): void {
    const queued = this.#queue.find((one) => isSame(one.attempt, attempt));
    if (queued?.fetchedAt !== undefined || queued === undefined) return;
    while (this.#queue.some((one) => one.fetchedAt === undefined && one !== queued)) {
      const lost = this.#queue.findIndex((one) => one.fetchedAt === undefined);
      if (this.#queue[lost] === queued) break;
      this.#queue.splice(lost, 1);
    }
    this.#downFree = Math.max(this.#downFree, this.#around.time.now) + queued.bytes / this.traits.bandwidth;
    queued.fetchedAt = this.#downFree;
    this.#next();
  }

  #giveBack(tasks: readonly LeasedTask[]): void {
    for (const { attempt } of tasks) {
      const index = this.#queue.findIndex((queued) => isSame(queued.attempt, attempt));
      if (index >= 0) this.#queue.splice(index, 1);
    }
    if (!tasks.some(({ attempt }) => this.#running !== undefined && isSame(attempt, this.#running.attempt))) return;
    this.#running = undefined;
    this.#next();
  }

  #knows(attempt: AttemptId): boolean {
    return this.#held.has(keyOf(attempt)) || this.#queue.some((queued) => isSame(queued.attempt, attempt)) || (this.#running !== undefined && isSame(this.#running.attempt, attempt));
  }

  #next(): void {
    const { time, modelOf } = this.#around;
    const next = this.#queue[0];
    if (this.#running !== undefined || this.#loading !== undefined || next === undefined) return;
    const model = modelOf(next.task);
    if (model !== undefined && !this.models.has(model.hash)) {
      this.#loading = model.hash;
      const since = time.now;
      this.#later(model.bytes / this.traits.bandwidth + model.initMs, () => {
        this.#loading = undefined;
        this.models.add(model.hash);
        const loadMs = time.now - since;
        this.#send({ kind: "ready", model: model.hash, loadMs: this.traits.liar?.loadMs(loadMs) ?? loadMs });
        this.#next();
      });
      return;
    }
    if (next.fetchedAt === undefined) return;
    if (next.fetchedAt > time.now) {
      this.#later(next.fetchedAt - time.now, () => this.#next());
      return;
    }
    this.#queue.shift();
    const ms = (next.task.rows / this.traits.rowsPerMs) * this.slowdown;
    const running = (this.#running = { ...next, startedAt: time.now, ms });
    if (this.traits.liar?.hangs === true) return this.#around.onHang?.(this, next.task);
    this.#later(ms, () => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#finish(running);
    });
  }

  #finish({ task, attempt }: LeasedTask): void {
    const { time, fateOf, bytesOf } = this.#around;
    const fate = fateOf(this, task);
    if (fate === "vanish") return;
    if (fate === "done") {
      this.#upFree = Math.max(this.#upFree, time.now) + bytesOf(task) / this.traits.bandwidth;
      const held = { task, attempt, presentedAt: this.#upFree };
      this.#held.set(keyOf(attempt), held);
      this.#later(this.#upFree - time.now, () => this.#present(held));
    } else {
      this.#send({ kind: "failed", task, attempt, ...fate });
    }
    this.#next();
  }

  #present(held: LeasedTask & { presentedAt: number }): void {
    if (!this.#held.has(keyOf(held.attempt))) return;
    held.presentedAt = this.#around.time.now;
    const { task, attempt } = held;
    this.#send({
      kind: "result", task, attempt, rows: task.rows, sha256: "0".repeat(64), failures: [],
      stats: { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [task.rows], counts: {} },
    }, rowsOfTask(task));
  }

  #beat(): void {
    const { now } = this.#around.time;
    for (const held of this.#held.values()) if (now - held.presentedAt > retryPresentingMs) this.#present(held);
    const running = this.#running;
    const [next] = this.#queue;
    const isFetching = next !== undefined && (next.fetchedAt === undefined ? now - this.#heardAt < arrivesWithinMs : next.fetchedAt > now);
    const loading = running === undefined && (this.#loading !== undefined || isFetching);
    const rows = running === undefined ? 0 : Math.min(running.task.rows, Math.floor((running.task.rows * (now - running.startedAt)) / running.ms));
    const state: BeatMessage["state"] = running !== undefined ? "computing" : loading ? "loading" : "waiting";
    const beat: BeatMessage = { kind: "beat", ...(running === undefined ? {} : { running: running.attempt }), rows, ...(loading ? { loading: { doneBytes: 0, bytes: 1 } } : {}), state };
    const { liar } = this.traits;
    const ready = liar?.ready();
    if (ready !== undefined) this.#send(ready);
    this.#send(liar?.beat(beat, this.#queue.map(({ attempt }) => attempt)) ?? beat);
    this.#later(this.traits.beatMs, () => this.#beat());
  }

  #send(header: WorkerToGateway, payload?: Uint8Array): void {
    if (this.wire !== undefined) this.#around.deliver(this, this.wire, header, payload);
  }

  /** Whatever a worker does waits while it is frozen, and ends with its process. */
  #later(ms: number, run: () => void): void {
    const life = this.#life;
    const { time } = this.#around;
    const attempt = (): void => {
      if (life !== this.#life) return;
      if (time.now < this.frozenUntil) time.at(this.frozenUntil, attempt);
      else run();
    };
    if (ms <= 0 && time.now >= this.frozenUntil) run();
    else time.after(ms, attempt);
  }
}

const keyOf = ({ epoch, number }: AttemptId): string => `${epoch}.${number}`;
const isSame = (a: AttemptId, b: AttemptId): boolean => a.epoch === b.epoch && a.number === b.number;
