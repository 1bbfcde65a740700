import { Worker } from "node:worker_threads";
import { decodeThreadEntry } from "./decode-thread-entry.ts";
import type { FromThread, Thread } from "../decode-thread-messages.ts";

/** A worker thread of Node, Bun or Deno. */
export function startNodeThread(): Thread {
  const { url, options } = decodeThreadEntry();
  // Heap beyond this ends the thread, not the process.
  const worker = new Worker(url, { ...options, name: "shoal-decode", resourceLimits: { maxOldGenerationSizeMb: 2048, maxYoungGenerationSizeMb: 12 } });
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
