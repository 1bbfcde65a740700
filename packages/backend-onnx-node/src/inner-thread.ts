import { Worker, type Transferable, type WorkerOptions } from "node:worker_threads";
import { ShoalError } from "@shoal/core";
import type { Answers, Operation } from "@shoal/ort-sessions";
import { abortable, abortedError, disposedError } from "@shoal/ort-sessions/actor-side";
import type { Thrown, ThreadReply, ThreadRequest } from "./thread-protocol.ts";

interface Call {
  readonly operation: Operation;
  readonly transfer: Transferable[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The one thread in which an actor's sessions live; started by the first call. Calls are done one at a time, in order. It keeps its
 * process alive only while a call is open.
 */
export class InnerThread implements AsyncDisposable {
  readonly #signal: AbortSignal;
  readonly #waiting: Call[] = [];
  #worker: Worker | undefined;
  /** Sent to the thread, in order. */
  readonly #open: (Call & { readonly id: number })[] = [];
  /** Called when the thread is idle and is to end. */
  #onIdle: (() => void) | undefined;
  #ended: ShoalError | undefined;
  #lastId = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws an Error of the library's words, or a ShoalError `aborted`, `disposed` or `worker-lost`. */
  call<K extends Operation["kind"]>(operation: Extract<Operation, { kind: K }>, transfer: Transferable[] = []): Promise<Answers[K]> {
    if (this.#signal.aborted) return Promise.reject(abortedError(this.#signal));
    const answer = new Promise<Answers[K]>((resolve, reject) => {
      this.#waiting.push({ operation, transfer, resolve, reject });
      this.#next();
    });
    return abortable(answer, this.#signal);
  }

  /** Waits for the calls that are open, since ending a thread during `run()` aborts the process; calls that wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= disposedError();
    if (this.#open.length > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#next();
    await this.#worker?.terminate();
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
    this.#worker ??= this.#start();
    this.#worker.ref();
    try {
      this.#worker.postMessage({ id, operation: call.operation } satisfies ThreadRequest, call.transfer);
    } catch (error) {
      this.#settle({ id, thrown: { message: error instanceof Error ? error.message : String(error) } });
    }
  }

  #start(): Worker {
    const { url, options } = threadEntry("session-thread");
    const worker = new Worker(url, { name: "shoal-onnx", ...options });
    worker.on("message", (reply: ThreadReply) => this.#settle(reply));
    worker.on("error", (error) => this.#lose(`it threw: ${error instanceof Error ? error.message : String(error)}`));
    worker.on("exit", (code) => this.#lose(`it ended with code ${code}`));
    return worker;
  }

  #settle(reply: ThreadReply): void {
    const at = this.#open.findIndex((call) => call.id === reply.id);
    const [open] = at < 0 ? [] : this.#open.splice(at, 1);
    if (open === undefined) return;
    if (this.#open.length === 0) this.#worker?.unref();
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

/** A file of this package as the entry of a thread or process: the source in the workspace, which Node 20 needs a loader for. */
export function threadEntry(name: "session-thread" | "probe-process"): { readonly url: URL; readonly options: Pick<WorkerOptions, "execArgv"> } {
  const source = import.meta.url.endsWith(".ts");
  const url = new URL(`./${name}.${source ? "ts" : "js"}`, import.meta.url);
  if (!source || "Deno" in globalThis || "Bun" in globalThis) return { url, options: {} };
  const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url);
  return { url, options: { execArgv: ["--conditions=@shoal/source", "--import", loader.href] } };
}
