import { ShoalError } from "@shoal/core";
import { platform } from "#platform";
import { ContentFault } from "./content-fault.ts";
import { outputWindow, type FromThread, type Thread, type ToThread } from "./decode-thread-messages.ts";
import type { SourceFile } from "./file-store.ts";

export interface DecodeThreadOptions {
  readonly signal: AbortSignal;
  /** What the job reads through its port. */
  readonly file?: SourceFile;
  /** What the job is fed. */
  readonly inputs?: AsyncIterator<{ value: unknown; transfer: readonly ArrayBuffer[] }>;
  /** Buffers in the argument that move to it without a copy. */
  readonly transfer?: readonly ArrayBuffer[];
  /**
   * The longest the thread may compute without giving or asking for anything; waiting for bytes, for the consumer or for a CPU does not count. Where nobody counts CPU time it is
   * time on the clock; so is six times as long in any case.
   */
  readonly stallMs?: number;
  /** Default: the platform's. */
  readonly cpuMs?: () => number;
}

/** Each with the timer that ends it. */
const idleThreads: { readonly thread: Thread; readonly end: ReturnType<typeof setTimeout> }[] = [];
const idleMs = 5_000;
/** One of them is kept for longer: to start another takes 150 ms of CPU time, and a gateway with few workers looks at a result every ten seconds. */
const lastIdleMs = 60_000;
/** A loop that asks for the same bytes for ever never falls silent. No sound file needs so many reads for one output. */
const maxReadsPerOutput = 20_000;
/** A thread may also wait for what never comes, and compute nothing. */
const longestStalls = 6;

/**
 * Runs a job of `decode-thread-jobs` in a thread that can be killed, and gives what it yields. Whatever a hostile file does there, an
 * exception out of nowhere, memory used up, a loop without end, is an error here.
 * @throws ContentFault; what reading the file threw
 */
export async function* runInThread(job: string, argument: unknown, options: DecodeThreadOptions): AsyncGenerator<unknown> {
  const { signal } = options;
  signal.throwIfAborted();
  const run = new ThreadRun(reused() ?? (await platform.startThread()), options);
  const abort = (): void => run.fail(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    run.post({ kind: "start", job, argument }, options.transfer);
    for (;;) {
      const output = await run.next();
      if (output === undefined) return;
      yield output.value;
      run.post({ kind: "credit" });
    }
  } finally {
    signal.removeEventListener("abort", abort);
    await run.close();
  }
}

function reused(): Thread | undefined {
  const idle = idleThreads.pop();
  clearTimeout(idle?.end);
  return idle?.thread;
}

/** One job on one thread. */
class ThreadRun {
  readonly #thread: Thread;
  readonly #options: DecodeThreadOptions;
  readonly #outputs: { value: unknown }[] = [];
  #state: "running" | "done" | "failed" = "running";
  #error: unknown;
  #reusable = false;
  #wake: (() => void) | undefined;
  #pendingReads = 0;
  #credits = outputWindow;
  #reads = 0;
  #awaitsInput = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #cpuMs: (() => number) | undefined;

  constructor(thread: Thread, options: DecodeThreadOptions) {
    this.#thread = thread;
    this.#options = options;
    this.#cpuMs = options.cpuMs ?? (platform.cpuMs === undefined ? undefined : () => platform.cpuMs?.() ?? 0);
    thread.hold(true);
    thread.listen((message) => this.#receive(message), (error) => this.fail(crashed(error)));
  }

  post(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#state !== "running") return;
    if (message.kind === "credit") this.#credits++;
    this.#thread.post(message, transfer);
    this.#watch();
  }

  /** The next output; undefined when the job is done. */
  async next(): Promise<{ value: unknown } | undefined> {
    for (;;) {
      if (this.#state === "failed") throw this.#error;
      const output = this.#outputs.shift();
      if (output !== undefined) return output;
      if (this.#state === "done") return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  fail(error: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "failed";
    this.#error = error;
    this.#settled();
  }

  /** A thread that is done with its job is kept for the next; any other is killed. */
  async close(): Promise<void> {
    const reusable = this.#reusable;
    this.#state = "failed";
    this.#settled();
    if (reusable && idleThreads.length < platform.parallelism) keep(this.#thread);
    else await this.#thread.end();
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case "output":
        this.#credits--;
        this.#reads = 0;
        this.#outputs.push({ value: message.value });
        if (message.last === true) return this.#done();
        break;
      case "read": void this.#read(message.id, message.start, message.end); break;
      case "wants-input": void this.#feed(); break;
      case "done": return this.#done();
      case "failed":
        this.#reusable = message.settled;
        this.fail(ContentFault.from(ShoalError.fromData(message.error)));
        return;
    }
    this.#watch();
    this.#wake?.();
  }

  async #read(id: number, start: number, end: number): Promise<void> {
    this.#pendingReads++;
    if (this.#reads++ > maxReadsPerOutput) return this.fail(new ContentFault("decoder-stalled", `its decoder asked for bytes ${maxReadsPerOutput} times and made nothing of them`));
    try {
      const { file, signal } = this.#options;
      if (file === undefined) throw new Error("this job has no file");
      const bytes = start === end ? new Uint8Array(0) : await file.bytes(start, end, signal);
      const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
      const buffer = (whole ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer;
      this.#pendingReads--;
      this.post({ kind: "bytes", id, bytes: buffer }, [buffer]);
    } catch (error) {
      // The file, not its content, is at fault: the job has no say in that.
      this.fail(error);
    }
  }

  async #feed(): Promise<void> {
    this.#awaitsInput = true;
    try {
      const next = await this.#options.inputs?.next();
      this.#awaitsInput = false;
      if (next === undefined || next.done === true) this.post({ kind: "input-end" });
      else this.post({ kind: "input", value: next.value.value }, next.value.transfer);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Starts the count anew while it is the thread's turn. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#state !== "running" || this.#pendingReads > 0 || this.#awaitsInput || this.#credits === 0) return;
    const stallMs = this.#options.stallMs ?? 30_000;
    const cpuMs = this.#cpuMs;
    const before = cpuMs?.() ?? 0;
    const look = (waited: number): void => {
      // On a busy machine it may have had no turn: it can't have computed longer than its whole process.
      const leftMs = cpuMs === undefined ? 0 : Math.min(stallMs - (cpuMs() - before), longestStalls * stallMs - waited);
      if (leftMs > 0) return void (this.#timer = setTimeout(() => look(waited + leftMs), leftMs));
      this.fail(new ContentFault("decoder-stalled", `its decoder made no progress for ${stallMs / 1000} s and was stopped`));
    };
    this.#timer = setTimeout(() => look(stallMs), stallMs);
  }

  #done(): void {
    this.#state = "done";
    this.#reusable = true;
    this.#settled();
  }

  #settled(): void {
    clearTimeout(this.#timer);
    this.#wake?.();
  }
}

function keep(thread: Thread): void {
  const drop = (): void => {
    const at = idleThreads.findIndex((idle) => idle.thread === thread);
    if (at < 0) return;
    clearTimeout(idleThreads.splice(at, 1)[0]?.end);
    void thread.end();
  };
  thread.listen(() => {}, drop);
  // After it: Node's workers hold their process anew with each listener.
  thread.hold(false);
  const end = setTimeout(drop, idleThreads.length === 0 ? lastIdleMs : idleMs);
  idleThreads.push({ thread, end });
  // In a browser it is a number.
  if (typeof end === "object") end.unref();
}

function crashed(error: unknown): ContentFault {
  return new ContentFault("decoder-crashed", `its decoder crashed: ${error instanceof Error ? error.message : String(error)}`, error);
}
