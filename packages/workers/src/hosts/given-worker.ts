import type { ChildProcess } from "node:child_process";
import type { Worker } from "node:worker_threads";
import type { ActorHost } from "@shoal/core";
import { errorData, type ActorCommand, type ActorEvent, type ActorLine } from "../actor-protocol.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";
import { processLine } from "./node-process.ts";
import { workerLine, type WebWorker } from "./web-worker.ts";

/** Settings of {@link givenWorkerHost}. */
export interface GivenWorkerHostOptions extends ActorHostOptions {
  /**
   * Starts the worker of one actor; its module calls `serveActors`. A process (`forkActor`) is the choice for native models, since it can
   * be killed at any moment; a thread of Node cannot.
   */
  readonly worker: () => ChildProcess | Worker | WebWorker;
}

/** Actors in workers that the user starts: for bundles, where only the bundler knows the worker's file. */
export function givenWorkerHost(options: GivenWorkerHostOptions): ActorHost {
  return actorHost("given-worker", () => lineTo(options.worker()), options);
}

function lineTo(worker: ChildProcess | Worker | WebWorker): ActorLine {
  if ("send" in worker) return processLine(worker);
  return "threadId" in worker && "unref" in worker ? threadLine(worker) : workerLine(worker);
}

/**
 * The line to a thread of Node. Terminating one in the middle of a native run aborts the whole process, so a killed thread is only let
 * go: its calls are rejected at once, and it ends when it comes back to itself.
 */
function threadLine(worker: Worker): ActorLine {
  let close!: (detail: string) => void;
  const closed = new Promise<string>((resolve) => (close = resolve));
  worker.once("exit", (code) => close(`exit code ${code}`));
  worker.once("messageerror", () => close("a message that could not be read"));
  return {
    closed,
    send: (command: ActorCommand, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(command, transfer),
    onMessage(listener) {
      worker.on("message", (event: ActorEvent) => listener(event));
      worker.once("error", (error) => {
        listener({ kind: "dying", error: errorData(error) });
      });
    },
    kill() {
      worker.postMessage({ kind: "dispose" } satisfies ActorCommand);
      worker.unref();
      close("left to end by itself");
    },
  };
}
