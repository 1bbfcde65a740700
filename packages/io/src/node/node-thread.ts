import { Worker } from "node:worker_threads";
import { ShoalError } from "@shoal/core";
import { decodeThreadEntry } from "./decode-thread-entry.ts";
import type { FromThread, Thread } from "../decode-thread-messages.ts";

/** How long a thread may take to begin, on a machine that is busy with other things. */
const longestStartMs = 120_000;
const looks = 10;

/**
 * A worker thread of Node, Bun or Deno, once it has begun: how long it took to load its modules says nothing about what it is then given.
 * @throws `decoder-not-started`; what its modules could not be loaded for
 */
export async function startNodeThread(startMs = longestStartMs): Promise<Thread> {
  const { url, options } = decodeThreadEntry();
  // Heap beyond this ends the thread, not the process.
  const worker = new Worker(url, { ...options, name: "shoal-decode", resourceLimits: { maxOldGenerationSizeMb: 2048, maxYoungGenerationSizeMb: 12 } });
  try {
    await begun(worker, startMs);
  } catch (error) {
    worker.removeAllListeners().on("error", () => {});
    await worker.terminate();
    throw error;
  }
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(message, failed) {
      worker.removeAllListeners("message").removeAllListeners("error").removeAllListeners("exit");
      worker.on("message", (value: FromThread) => message(value)).on("error", failed).on("exit", () => failed("it ended"));
    },
    hold(busy) {
      if (busy) worker.ref();
      else worker.unref();
    },
    async end() {
      worker.removeAllListeners("exit").removeAllListeners("error").on("error", () => {});
      await worker.terminate();
    },
  };
}

/** Waits in pieces: time in which this process was stopped is at most one of them. */
async function begun(worker: Worker, startMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const notStarted = (why: string, cause?: unknown): void => reject(new ShoalError("decoder-not-started", `The thread that decodes files ${why}.`, { hint: "This machine is very busy, or short of memory: run it again when it has come to rest.", failure: "bug", cause }));
      const look = (left: number): void => {
        if (left === 0) notStarted(`did not start within ${startMs / 1000} s`);
        else timer = setTimeout(() => look(left - 1), startMs / looks);
      };
      look(looks);
      worker.once("message", () => resolve());
      worker.once("error", (error) => notStarted(`could not start: ${ShoalError.from(error).message}`, error));
      worker.once("exit", () => notStarted("ended before it began"));
    });
  } finally {
    clearTimeout(timer);
  }
}
