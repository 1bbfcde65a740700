import {
  arrowFor, downloadText, packBlock, ShoalError, silentLogger,
  type Actor, type ActorProgress, type ActorRequest, type Block, type BlockResult, type CloseReason, type FileDownload, type Logger,
} from "@shoal/core";
import { errorData, receivedBlock, type ActorEvent, type ActorLine } from "./actor-protocol.ts";

/** How an actor at the other end of a line is called and ended; times in milliseconds. */
export interface ConnectOptions {
  /** As in `sentiment#2`. */
  readonly id: string;
  readonly log?: Logger;
  /** How long an actor may take to dispose itself before it is killed; 5 seconds by default, and 1 at most in the middle of a batch. */
  readonly disposeMs?: number;
  /** Told of the error that nobody caught in the actor. */
  readonly onLastWords?: (error: ShoalError) => void;
  /** The command line that a job's module sees while an actor imports it. */
  readonly argv?: readonly string[];
}

/**
 * Asks for an actor at the other end of a line, and settles when it is loaded.
 * @throws what its setup threw; `worker-lost` when it died before it was ready; the signal's reason.
 */
export async function connectActor(line: ActorLine, request: ActorRequest, signal: AbortSignal, options: ConnectOptions): Promise<Actor> {
  const client = new ActorClient(line, options);
  const giveUp = (): void => client.giveUp(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    line.send({ kind: "spawn", request, ...(options.argv === undefined ? {} : { argv: options.argv }) });
    await client.ready;
    return client;
  } catch (error) {
    await client.kill("it did not load");
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

const busyDisposeMs = 1000;

type Ready = ActorEvent & { kind: "ready" };

interface OpenCall {
  readonly rows: number;
  /** The most memory seen while it was open. */
  peakBytes: number;
  resolve(result: BlockResult | Promise<BlockResult>): void;
  reject(error: unknown): void;
}

/** The host's side of one actor: pairs answers with calls, and settles whatever is open when the line closes. */
class ActorClient implements Actor {
  readonly id: string;
  readonly ready: Promise<Ready>;
  readonly closed: Promise<CloseReason>;
  progress: ActorProgress = { phase: "idle", ticks: 0 };
  loadMs = 0;
  device = "";
  readonly #line: ActorLine;
  readonly #options: ConnectOptions;
  readonly #calls = new Map<number, OpenCall>();
  #nextCall = 0;
  /** What was asked of it, which decides what a close means. */
  #asked: { readonly code: "disposed" | "killed"; readonly detail?: string } | undefined;
  #lastWords: ShoalError | undefined;
  #closeReason: CloseReason | undefined;
  #disposal: Promise<void> | undefined;
  #settleReady!: { resolve(ready: Ready): void; reject(error: unknown): void };

  constructor(line: ActorLine, options: ConnectOptions) {
    this.id = options.id;
    this.#line = line;
    this.#options = options;
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    // It may be given up before anybody waits for it.
    this.ready.catch(() => {});
    this.closed = line.closed.then((detail) => this.#close(detail));
    line.onMessage((event) => this.#take(event));
  }

  giveUp(reason: unknown): void {
    this.#settleReady.reject(reason);
  }

  async process(block: Block, signal: AbortSignal): Promise<BlockResult> {
    signal.throwIfAborted();
    if (this.#closeReason !== undefined) throw this.#lost(this.#closeReason, "before it was given a block");
    const wait = arrowFor(block);
    if (wait !== undefined) await wait;
    const call = this.#nextCall++;
    const sent = packBlock(block);
    const result = new Promise<BlockResult>((resolve, reject) => this.#calls.set(call, { resolve, reject, rows: block.rows, peakBytes: 0 }));
    // The caller is answered at once; what the actor still makes of the block is ignored.
    const abort = (): void => {
      this.#line.send({ kind: "abort", call, reason: errorData(signal.reason) });
      this.#settle(call, (open) => open.reject(signal.reason));
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#line.send({ kind: "process", call, block: sent });
      return await result;
    } finally {
      this.#calls.delete(call);
      signal.removeEventListener("abort", abort);
    }
  }

  async kill(reason: string): Promise<void> {
    if (this.#closeReason === undefined) {
      this.#asked ??= { code: "killed", detail: reason };
      this.#line.kill();
    }
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    if (this.#closeReason === undefined) {
      this.#asked ??= { code: "disposed" };
      this.#line.send({ kind: "dispose" });
    }
    const { disposeMs = 5000 } = this.#options;
    // Nobody wants the rest of a batch, and a native run cannot be told to stop.
    const deadline = setTimeout(() => this.#line.kill(), this.progress.phase === "idle" ? disposeMs : Math.min(disposeMs, busyDisposeMs));
    await this.closed;
    clearTimeout(deadline);
  }

  #take(event: ActorEvent): void {
    // A predictor's own code can write to the same channel.
    if (typeof event !== "object" || event === null) return;
    switch (event.kind) {
      case "ready":
        this.device = event.device;
        this.loadMs = event.loadMs;
        return this.#settleReady.resolve(event);
      case "failed":
        return this.#settleReady.reject(ShoalError.fromData(event.error));
      case "result":
        return this.#settle(event.call, (call) => call.resolve(blockResult(event, call.peakBytes)));
      case "call-failed":
        return this.#settle(event.call, (call) => call.reject(ShoalError.fromData(event.error)));
      case "progress":
        this.progress = event.progress;
        return;
      case "heartbeat":
        for (const call of this.#calls.values()) call.peakBytes = Math.max(call.peakBytes, event.memoryBytes ?? 0);
        return;
      case "log":
        return (this.#options.log ?? silentLogger)[event.level](`${this.id}: ${event.message}`);
      case "download":
        return this.#downloading(event.file);
      case "dying":
        this.#lastWords = ShoalError.fromData(event.error);
        this.#options.onLastWords?.(this.#lastWords);
        return;
      case "disposed":
        // From here its exit is the wanted one, whatever native libraries make of it.
        this.#asked ??= { code: "disposed" };
    }
  }

  #downloading(file: FileDownload): void {
    const { log = silentLogger } = this.#options;
    if (log.download !== undefined) log.download(file);
    else log.info(`${this.id}: ${downloadText(file)}`);
  }

  #close(detail: string): CloseReason {
    const said = this.#lastWords === undefined ? detail : `${detail}: ${this.#lastWords.message}`;
    const asked = this.#asked;
    const reason: CloseReason =
      asked === undefined ? { code: "crashed", detail: said } : { code: asked.code, detail: asked.detail === undefined ? detail : `${asked.detail} (${detail})` };
    this.#closeReason = reason;
    // The rows it died over stay: they are the first to suspect.
    this.progress = { ...this.progress, phase: "idle", ticks: this.progress.ticks + 1 };
    this.#settleReady.reject(this.#lost(reason, "while it was loading"));
    for (const call of this.#calls.keys()) this.#settle(call, (open) => open.reject(this.#lost(reason, `while it had ${open.rows} rows`)));
    return reason;
  }

  #settle(call: number, settle: (open: OpenCall) => void): void {
    const open = this.#calls.get(call);
    this.#calls.delete(call);
    if (open === undefined) return;
    try {
      settle(open);
    } catch (error) {
      open.reject(error);
    }
  }

  #lost({ code, detail }: CloseReason, when: string): ShoalError {
    const what = { crashed: "died", killed: "was killed", disposed: "was disposed" }[code];
    const hint = code === "crashed" ? crashHint(detail) : undefined;
    return new ShoalError("worker-lost", `Actor ${this.id} ${what} ${when}: ${detail}.`, {
      failure: "worker-lost",
      details: { actor: this.id, code, detail },
      ...(hint === undefined ? {} : { hint }),
      ...(this.#lastWords === undefined ? {} : { cause: this.#lastWords }),
    });
  }
}

function blockResult({ block, rest }: ActorEvent & { kind: "result" }, peakBytes: number): BlockResult | Promise<BlockResult> {
  const memoryBytes = Math.max(rest.memoryBytes ?? 0, peakBytes);
  const result = (received: Block): BlockResult => ({ ...rest, ...(memoryBytes === 0 ? {} : { memoryBytes }), block: received });
  const received = receivedBlock(block);
  return received instanceof Promise ? received.then(result) : result(received);
}

function crashHint(detail: string): string | undefined {
  if (detail.startsWith("SIGKILL")) return "Somebody killed it, perhaps the system for want of memory: lower concurrency or batchSize, or declare the memory of an actor.";
  if (/^(SIGABRT|SIGSEGV|SIGBUS|SIGILL|exit code 134)/.test(detail)) return "A native library aborted, or the heap was full: its last words are on standard error; try a smaller batchSize.";
  if (detail.includes("its module could not be loaded")) {
    return 'Look at the console for a file that was not found. With vite set worker: { format: "es" } and optimizeDeps.exclude, as in PREDICTORS.md of shoal, "In a page".';
  }
  return undefined;
}
