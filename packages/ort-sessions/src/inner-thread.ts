import { isResident, ShoalError, type OnnxFeeds } from "@shoal/core";
import { abortedError, disposedError } from "./abortable.ts";
import type { Answers, Operation } from "./operations.ts";
import type { Perform } from "./ort-session.ts";
import type { SessionThread, StartThread, Thrown, ThreadReply } from "./thread-protocol.ts";

interface Call {
  readonly operation: Operation;
  readonly transfer: ArrayBuffer[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The one thread in which an actor's sessions live; started by the first call. Calls are done one at a time, in order. It keeps its
 * process alive only while a call is open.
 */
export class InnerThread implements AsyncDisposable {
  readonly #signal: AbortSignal;
  readonly #start: StartThread;
  readonly #waiting: Call[] = [];
  #thread: SessionThread | undefined;
  /** Sent to the thread, in order. */
  readonly #open: (Call & { readonly id: number })[] = [];
  /** Called when the thread is idle and is to end. */
  #onIdle: (() => void) | undefined;
  #ended: ShoalError | undefined;
  #lastId = 0;

  constructor(signal: AbortSignal, start: StartThread) {
    this.#signal = signal;
    this.#start = start;
    signal.addEventListener("abort", () => this.#abort(), { once: true });
  }

  /** What its sessions are asked for. @throws as {@link call} */
  readonly perform: Perform = (operation) => {
    const given: Operation = operation;
    if (given.kind !== "run") return this.call(operation);
    const { feeds, transfer } = travelling(given.feeds, given.movesFeeds === true);
    return this.call({ ...operation, feeds } as typeof operation, transfer);
  };

  /** @throws an Error of the library's words, or a ShoalError `aborted`, `disposed` or `worker-lost`. */
  call<K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>, transfer: ArrayBuffer[] = []): Promise<Answers[K]> {
    if (this.#signal.aborted) return Promise.reject(abortedError(this.#signal));
    return new Promise<Answers[K]>((resolve, reject) => {
      this.#waiting.push({ operation, transfer, resolve, reject });
      this.#next();
    });
  }

  /** The library can't be interrupted, those who wait for it can. */
  #abort(): void {
    const error = abortedError(this.#signal);
    for (const call of [...this.#open, ...this.#waiting]) call.reject(error);
  }

  /** Waits for the calls that are open, since ending a thread during a native run aborts the process; calls that wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= disposedError();
    if (this.#open.length > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#next();
    await this.#thread?.terminate();
  }

  #next(): void {
    while (this.#hasRoom()) {
      const call = this.#waiting.shift();
      if (call === undefined) {
        if (this.#open.length === 0) this.#onIdle?.();
        return;
      }
      if (this.#ended !== undefined) call.reject(this.#ended);
      else if (this.#signal.aborted) call.reject(abortedError(this.#signal));
      else this.#send(call);
    }
  }

  /** A run may lie in the thread behind another, so that it begins at once. */
  #hasRoom(): boolean {
    const [open, ahead] = this.#open;
    return open === undefined || (ahead === undefined && open.operation.kind === "run" && this.#waiting[0]?.operation.kind === "run");
  }

  #send(call: Call): void {
    const id = ++this.#lastId;
    this.#open.push({ ...call, id });
    try {
      this.#thread ??= this.#start((reply) => this.#settle(reply), (how) => this.#lose(how));
      this.#thread.hold?.(true);
      this.#thread.post({ id, operation: call.operation }, call.transfer);
    } catch (error) {
      this.#settle({ id, thrown: { message: error instanceof Error ? error.message : String(error) } });
    }
  }

  #settle(reply: ThreadReply): void {
    const at = this.#open.findIndex((call) => call.id === reply.id);
    const [open] = at < 0 ? [] : this.#open.splice(at, 1);
    if (open === undefined) return;
    if (this.#open.length === 0) this.#thread?.hold?.(false);
    if ("thrown" in reply) open.reject(libraryError(reply.thrown));
    else open.resolve(reply.value as never);
    this.#next();
  }

  #lose(how: string): void {
    this.#ended ??= new ShoalError("worker-lost", `The thread that runs the ONNX sessions is gone: ${how}.`, { failure: "worker-lost", hint: "Run it again with one actor and a smaller batch: a library that crashes has most often run out of memory." });
    for (const call of this.#open.splice(0)) call.reject(this.#ended);
    this.#next();
  }
}

function libraryError({ message, code, stack }: Thrown): Error {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}

/**
 * Unless they may move, the caller keeps its arrays; they may be views of a whole column, or of each other's memory: exactly the tensors' numbers
 * are copied then, and moved.
 */
function travelling(given: OnnxFeeds, moves: boolean): { readonly feeds: OnnxFeeds; readonly transfer: ArrayBuffer[] } {
  const transfer = new Set<ArrayBuffer>();
  const feeds = Object.entries(given).map(([name, tensor]): [string, OnnxFeeds[string]] => {
    if (isResident(tensor) || !ArrayBuffer.isView(tensor.data)) return [name, tensor];
    const own = moves && tensor.data.byteLength === tensor.data.buffer.byteLength && !transfer.has(tensor.data.buffer as ArrayBuffer);
    const data = own ? tensor.data : tensor.data.slice();
    transfer.add(data.buffer as ArrayBuffer);
    return [name, { type: tensor.type, shape: tensor.shape, data }];
  });
  return { feeds: Object.fromEntries(feeds), transfer: [...transfer] };
}
