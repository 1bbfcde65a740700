import type { AttemptId, LeasedTask, TaskId, WorkerJoined } from "@shoal/cluster";
import type { ErrorData, FailureClass } from "@shoal/core";
import type { SimulatedTime } from "./simulated-time.ts";
import type { GatewayMessage, SimulatedWire, WorkerMessage } from "./wire.ts";

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
}

export interface WorkerSurroundings {
  readonly time: SimulatedTime;
  readonly dial: (worker: SimulatedWorker) => SimulatedWire;
  readonly deliver: (worker: SimulatedWorker, wire: SimulatedWire, message: WorkerMessage) => void;
  readonly modelOf: (task: TaskId) => { readonly hash: string; readonly bytes: number; readonly initMs: number } | undefined;
  readonly bytesOf: (task: TaskId) => number;
  /** What goes wrong with this task on this worker. */
  readonly fateOf: (worker: SimulatedWorker, task: TaskId) => Fate;
}

export type Fate = "done" | "vanish" | { readonly failure: FailureClass; readonly error: ErrorData; readonly row?: number };

const reconnectMs = 1_000;
const retryPresentingMs = 20_000;

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
  readonly #queue: (LeasedTask & { fetchedAt: number })[] = [];
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
    const { name, host, devices, memoryBytes, beatMs } = this.traits;
    this.wire = this.#around.dial(this);
    // What has not begun was offered to others when the last connection ended.
    this.#queue.length = 0;
    this.#send({ kind: "worker-joined", worker: name, host, devices, memoryBytes, models: [...this.models], credit: 2 });
    for (const held of this.#held.values()) this.#present(held);
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
    this.#queue.length = 0;
    this.#held.clear();
    this.#running = undefined;
    this.#loading = undefined;
    this.#beating = false;
    this.frozenUntil = 0;
    this.wire = undefined;
  }

  drain(): void {
    this.#queue.length = 0;
    this.#send({ kind: "worker-draining", finishing: this.#running === undefined ? [] : [this.#running.attempt.number] });
  }

  receive(message: GatewayMessage, wire: SimulatedWire): void {
    this.#later(0, () => {
      if (wire === this.wire) this.#handle(message);
    });
  }

  #handle(message: GatewayMessage): void {
    if (message.kind === "lease") {
      for (const leased of message.tasks) {
        if (this.#knows(leased.attempt)) continue;
        this.#downFree = Math.max(this.#downFree, this.#around.time.now) + this.#around.bytesOf(leased.task) / this.traits.bandwidth;
        this.#queue.push({ ...leased, fetchedAt: this.#downFree });
      }
      this.#next();
    } else if (message.kind === "revoke") {
      for (const { attempt } of message.tasks) {
        const index = this.#queue.findIndex((queued) => isSame(queued.attempt, attempt));
        if (index >= 0) this.#queue.splice(index, 1);
      }
      if (message.tasks.some(({ attempt }) => this.#running !== undefined && isSame(attempt, this.#running.attempt))) {
        this.#running = undefined;
        this.#next();
      }
    } else {
      this.#held.delete(keyOf(message.attempt));
    }
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
        this.#send({ kind: "worker-ready", model: model.hash, loadMs: time.now - since });
        this.#next();
      });
      return;
    }
    if (next.fetchedAt > time.now) {
      this.#later(next.fetchedAt - time.now, () => this.#next());
      return;
    }
    this.#queue.shift();
    const ms = (next.task.rows / this.traits.rowsPerMs) * this.slowdown;
    const running = (this.#running = { ...next, startedAt: time.now, ms });
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
    this.#send({ kind: "result", task: held.task, attempt: held.attempt });
  }

  #beat(): void {
    const { now } = this.#around.time;
    for (const held of this.#held.values()) if (now - held.presentedAt > retryPresentingMs) this.#present(held);
    const running = this.#running;
    const loading = this.#loading !== undefined || (this.#queue[0]?.fetchedAt ?? 0) > now;
    const rows = running === undefined ? 0 : Math.min(running.task.rows, Math.floor((running.task.rows * (now - running.startedAt)) / running.ms));
    this.#send({ kind: "beat", ...(running === undefined ? {} : { running: running.attempt }), rows, ...(running === undefined && loading ? { loading } : {}) });
    this.#later(this.traits.beatMs, () => this.#beat());
  }

  #send(message: WorkerMessage): void {
    if (this.wire !== undefined) this.#around.deliver(this, this.wire, message);
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
