import type { ActorHost } from "@shoal/core";
import type { ActorCommand, ActorEvent, ActorLine } from "../actor-protocol.ts";
import { onLifeLockFree } from "../worker-life.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";

/** What a host needs of the workers of browsers, Deno and Bun. */
export interface WebWorker {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  terminate(): void;
}

/** Settings of {@link webWorkerHost}. */
export interface WebWorkerHostOptions extends ActorHostOptions {
  /** Starts the worker of one actor: `() => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" })`, whose module calls `serveActors`. */
  readonly createWorker: () => WebWorker;
}

/**
 * Actors as workers of a browser or of Deno. A terminated worker is gone in the middle of anything; one that ends
 * otherwise is known by its lock, and an error that nobody caught there is taken for its end.
 */
export function webWorkerHost(options: WebWorkerHostOptions): ActorHost {
  return actorHost("web-worker", () => workerLine(options.createWorker()), options);
}

/** The line to a worker that can be terminated whatever it does. */
export function workerLine(worker: WebWorker): ActorLine {
  return lineToWorker(worker, () => {
    worker.terminate();
    return "terminated";
  });
}

/** The line to a worker whose runtime would not survive that: a killed one is let go, and ends when it comes back to itself. */
export function releasedWorkerLine(worker: WebWorker & { unref(): void }): ActorLine {
  return lineToWorker(worker, () => {
    worker.postMessage({ kind: "dispose" } satisfies ActorCommand, []);
    worker.unref();
    return "left to end by itself";
  });
}

function lineToWorker(worker: WebWorker, kill: () => string): ActorLine {
  let close!: (detail: string) => void;
  const closed = new Promise<string>((resolve) => (close = resolve));
  const end = (detail: string): void => {
    worker.terminate();
    close(detail);
  };
  worker.addEventListener("error", (event) => {
    // Deno would take the whole job down with the worker.
    event.preventDefault();
    end(`error: ${(event as Partial<ErrorEvent>).message || "its module could not be loaded"}`);
  });
  worker.addEventListener("messageerror", () => end("a message that could not be read"));
  // Bun alone says when a worker has ended; elsewhere its server's last message does.
  worker.addEventListener("close", () => end("closed"));
  return {
    closed,
    send: (command: ActorCommand, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(command, [...transfer]),
    onMessage: (listener) =>
      worker.addEventListener("message", (event) => {
        const message = (event as MessageEvent<ActorEvent | null>).data;
        if (message !== null) listener(message);
        if (message?.kind === "alive") onLifeLockFree(message.lock, () => end("its worker is gone"));
        if (message?.kind === "disposed") end("disposed");
        if (message?.kind === "dying") end("an uncaught error");
      }),
    kill: () => close(kill()),
  };
}
