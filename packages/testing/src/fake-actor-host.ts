import {
  ShoalError, silentLogger, systemClock,
  type Actor, type ActorContext, type ActorHost, type ActorProgress, type ActorRequest, type ActorRuntime, type Block, type BlockResult, type Clock,
  type CloseReason, type LoadPredictor, type StartActor,
} from "@shoal/core";
import { startActorWith } from "@shoal/executor";

export interface FakeActorHostOptions {
  /** Makes the predictor; it may throw {@link Fault}s to end its actor. */
  readonly load: LoadPredictor;
  readonly clock?: Clock;
  /** Default: the executor's own, on the fake's clock. */
  readonly startActor?: StartActor;
  /** How long loading takes on the clock. */
  readonly loadMs?: number;
}

/**
 * Actors in this very process, on a clock of one's own, that can be killed and can crash like real ones. It counts what a test wants to
 * know: how many were started, how many are alive, the most at one time.
 */
export class FakeActorHost implements ActorHost {
  readonly name = "fake";
  readonly requests: ActorRequest[] = [];
  readonly #options: FakeActorHostOptions;
  readonly #alive = new Set<FakeActor>();
  spawned = 0;
  disposed = 0;
  killed = 0;
  crashed = 0;
  peakAlive = 0;

  constructor(options: FakeActorHostOptions) {
    this.#options = options;
  }

  get alive(): number {
    return this.#alive.size;
  }

  get actors(): readonly FakeActor[] {
    return [...this.#alive];
  }

  async spawn(request: ActorRequest, signal: AbortSignal): Promise<Actor> {
    const { load, clock = systemClock, startActor = startActorWith(clock), loadMs = 0 } = this.#options;
    const id = `${request.spec.name}#${++this.spawned}`;
    this.requests.push(request);
    if (loadMs > 0) await clock.sleep(loadMs, signal);
    const controller = new AbortController();
    const counts = new Map<string, number>();
    const context: ActorContext = {
      device: request.device === "auto" ? "cpu" : request.device, deviceIndex: request.deviceIndex, threads: request.threads,
      signal: controller.signal, log: silentLogger,
      onnx: () => Promise.reject(new ShoalError("no-onnx", "A fake actor loads no ONNX models.")),
      count: (name, amount) => void counts.set(name, (counts.get(name) ?? 0) + amount),
    };
    const predictor = await load(request.spec, context);
    signal.throwIfAborted();
    const actor = new FakeActor(id, context.device, loadMs, controller, (reason) => {
      this.#alive.delete(actor);
      if (reason.code === "killed") this.killed++;
      else if (reason.code === "crashed") this.crashed++;
      else this.disposed++;
    });
    actor.run(startActor(predictor, request, (progress) => (actor.progress = progress), counts));
    this.#alive.add(actor);
    this.peakAlive = Math.max(this.peakAlive, this.#alive.size);
    return actor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.actors.map((actor) => actor.kill("the host was disposed")));
  }
}

export class FakeActor implements Actor {
  readonly id: string;
  readonly device: string;
  readonly loadMs: number;
  readonly closed: Promise<CloseReason>;
  progress: ActorProgress = { phase: "idle", ticks: 0 };
  readonly #controller: AbortController;
  #runtime: ActorRuntime | undefined;
  #close: (reason: CloseReason) => void = () => {};
  #gone = false;

  constructor(id: string, device: string, loadMs: number, controller: AbortController, onClosed: (reason: CloseReason) => void) {
    this.id = id;
    this.device = device;
    this.loadMs = loadMs;
    this.#controller = controller;
    this.closed = new Promise((resolve) => {
      this.#close = (reason) => {
        if (this.#gone) return;
        this.#gone = true;
        onClosed(reason);
        controller.abort(lost(id, reason.detail));
        resolve(reason);
      };
    });
  }

  run(runtime: ActorRuntime): void {
    this.#runtime = runtime;
  }

  /** Like a segmentation fault: no goodbye. */
  crash(detail = "exit code 134"): void {
    this.#close({ code: "crashed", detail });
  }

  async process(block: Block, signal: AbortSignal): Promise<BlockResult> {
    const { signal: ended } = this.#controller;
    if (ended.aborted) throw ended.reason;
    const died = this.closed.then(() => {
      throw ended.reason;
    });
    // As from a real one, the answer to an abort comes at once, whatever the predictor is at.
    let abort = (): void => {};
    const aborted = new Promise<never>((_, reject) => (abort = () => reject(signal.reason)));
    signal.addEventListener("abort", abort, { once: true });
    try {
      died.catch(() => {});
      return await Promise.race([(this.#runtime as ActorRuntime).process(block, AbortSignal.any([signal, ended])), died, aborted]);
    } catch (error) {
      // A predictor that throws this word has taken its process with it.
      if (ShoalError.is(error, "worker-lost")) this.crash(error.message);
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  kill(reason: string): Promise<void> {
    this.#close({ code: "killed", detail: reason });
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gone) return;
    await this.#runtime?.[Symbol.asyncDispose]();
    this.#close({ code: "disposed", detail: "disposed" });
  }
}

function lost(id: string, detail: string): ShoalError {
  return new ShoalError("worker-lost", `Actor ${id} ended: ${detail}.`, { failure: "worker-lost" });
}
