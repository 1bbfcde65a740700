import {
  decodeBlock, encodeBlock, ShoalError, silentLogger,
  type Actor, type ActorProgress, type ActorRequest, type Block, type BlockResult, type CloseReason, type Logger,
} from "@shoal/core";
import { alignedBytes, errorData, type ActorEvent, type ActorLine } from "./actor-protocol.ts";

export interface ConnectOptions {
  /** As in `sentiment#2`. */
  readonly id: string;
  readonly log?: Logger;
  /** How long an actor may take to dispose itself before it is killed. */
  readonly disposeMs?: number;
  /** The command line that a job's module sees while an actor imports it. */
  readonly argv?: readonly string[];
}

interface Pending {
  resolve(result: BlockResult): void;
  reject(error: unknown): void;
  readonly rows: number;
  /** The most memory that was seen while this call was open. */
  peakBytes: number;
}

/**
 * Asks for an actor at the other end of a line, and settles when it is loaded.
 * @throws what its setup threw; `worker-lost` when it died before it was ready; the signal's reason.
 */
export async function connectActor(line: ActorLine, request: ActorRequest, signal: AbortSignal, options: ConnectOptions): Promise<Actor> {
  const { id, log = silentLogger, disposeMs = 5000, argv } = options;
  const pending = new Map<number, Pending>();
  let nextCall = 0;
  let progress: ActorProgress = { phase: "idle", ticks: 0 };
  /** Why it ends, as far as this side knows: what a close then means. */
  let ending: { code: "disposed" | "killed"; detail: string } | undefined;
  let lastWords: ShoalError | undefined;
  let reason: CloseReason | undefined;
  let disposal: Promise<void> | undefined;
  let settleReady: { resolve(ready: ActorEvent & { kind: "ready" }): void; reject(error: unknown): void };
  const ready = new Promise<ActorEvent & { kind: "ready" }>((resolve, reject) => (settleReady = { resolve, reject }));
  ready.catch(() => {});

  line.onMessage((event) => {
    switch (event.kind) {
      case "ready":
        return settleReady.resolve(event);
      case "failed":
        return settleReady.reject(ShoalError.fromData(event.error));
      case "result":
        return settle(event.call, (call) => {
          const memoryBytes = Math.max(event.rest.memoryBytes ?? 0, call.peakBytes);
          call.resolve({ ...event.rest, ...(memoryBytes === 0 ? {} : { memoryBytes }), block: decodeBlock(alignedBytes(event.block)) });
        });
      case "call-failed":
        return settle(event.call, (call) => call.reject(ShoalError.fromData(event.error)));
      case "progress":
        progress = event.progress;
        return;
      case "heartbeat":
        for (const call of pending.values()) call.peakBytes = Math.max(call.peakBytes, event.memoryBytes ?? 0);
        return;
      case "log":
        return log[event.level](`${id}: ${event.message}`);
      case "dying":
        lastWords = ShoalError.fromData(event.error);
        return;
      case "disposed":
        // From here its exit is the wanted one, whatever native libraries make of it.
        ending ??= { code: "disposed", detail: "disposed" };
    }
  });

  const closed = line.closed.then((detail): CloseReason => {
    reason = ending === undefined
      ? { code: "crashed", detail: lastWords === undefined ? detail : `${detail}: ${lastWords.message}` }
      : { code: ending.code, detail: ending.code === "killed" ? `${ending.detail} (${detail})` : detail };
    settleReady.reject(lost(reason, "while it was loading"));
    for (const call of pending.keys()) settle(call, (open) => open.reject(lost(reason as CloseReason, `while it had ${open.rows} rows`)));
    progress = { phase: "idle", ticks: progress.ticks + 1 };
    return reason;
  });

  function settle(call: number, how: (pending: Pending) => void): void {
    const found = pending.get(call);
    pending.delete(call);
    if (found === undefined) return;
    try {
      how(found);
    } catch (error) {
      found.reject(error);
    }
  }

  function lost({ code, detail }: CloseReason, when: string): ShoalError {
    const verb = { crashed: "died", killed: "was killed", disposed: "was disposed" }[code];
    const hint = code === "crashed" ? crashHint(detail) : undefined;
    return new ShoalError("worker-lost", `Actor ${id} ${verb} ${when}: ${detail}.`, {
      failure: "worker-lost", details: { actor: id, code, detail },
      ...(hint === undefined ? {} : { hint }),
      ...(lastWords === undefined ? {} : { cause: lastWords }),
    });
  }

  function dispose(): Promise<void> {
    return (disposal ??= (async () => {
      if (reason !== undefined) return;
      ending ??= { code: "disposed", detail: "disposed" };
      line.send({ kind: "dispose" });
      const deadline = setTimeout(() => line.kill(), disposeMs);
      await closed;
      clearTimeout(deadline);
    })());
  }

  async function kill(why: string): Promise<void> {
    if (reason === undefined) {
      ending = { code: "killed", detail: why };
      line.kill();
    }
    await closed;
  }

  const abortSpawn = (): void => {
    settleReady.reject(signal.reason);
  };
  if (signal.aborted) abortSpawn();
  signal.addEventListener("abort", abortSpawn, { once: true });
  try {
    if (!signal.aborted) line.send({ kind: "spawn", request, ...(argv === undefined ? {} : { argv }) });
    const { device, loadMs } = await ready;
    return {
      id, closed, loadMs, device, kill,
      get progress() {
        return progress;
      },
      process: (block, callSignal) => processBlock(block, callSignal),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await kill("it did not load");
    throw error;
  } finally {
    signal.removeEventListener("abort", abortSpawn);
  }

  async function processBlock(block: Block, callSignal: AbortSignal): Promise<BlockResult> {
    callSignal.throwIfAborted();
    if (reason !== undefined) throw lost(reason, "before it was given a block");
    const call = nextCall++;
    const bytes = encodeBlock(block);
    const result = new Promise<BlockResult>((resolve, reject) => pending.set(call, { resolve, reject, rows: block.rows, peakBytes: 0 }));
    // The caller is answered at once; what the actor still makes of the block is ignored.
    const abort = (): void => {
      line.send({ kind: "abort", call, reason: errorData(callSignal.reason) });
      settle(call, (open) => open.reject(callSignal.reason));
    };
    callSignal.addEventListener("abort", abort, { once: true });
    try {
      line.send({ kind: "process", call, block: bytes }, [bytes.buffer]);
      return await result;
    } finally {
      pending.delete(call);
      callSignal.removeEventListener("abort", abort);
    }
  }
}

function crashHint(detail: string): string | undefined {
  if (detail.startsWith("SIGKILL")) return "Somebody killed it, perhaps the system for want of memory: lower concurrency or batchSize, or declare the memory of an actor.";
  if (/SIGABRT|SIGSEGV|SIGBUS|SIGILL|exit code 134/.test(detail)) return "A native library aborted, or the heap was full: its last words are on standard error; try a smaller batchSize.";
  return undefined;
}
