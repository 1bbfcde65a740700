import { ShoalError } from "@shoal/core";
import type { FromThread, Thread } from "../decode-thread-messages.ts";

/** How long a worker may take to begin: in a busy tab it is a matter of seconds. */
const longestStartMs = 60_000;

export const startWebThread = webThreads();

/**
 * What starts web workers. Where there can be none, as in a service worker, or in a bundle that lacks the worker's file, jobs are done on
 * the spot: in pieces, so the page goes on in between, but nothing can stop them, which is said once. A worker that is only slow is no
 * reason for that.
 * @throws `decoder-not-started`
 */
export function webThreads(startMs = longestStartMs): () => Promise<Thread> {
  let without: string | undefined;
  return async () => {
    if (without === undefined) {
      const started = await startWorker(startMs);
      if (typeof started !== "string") return started;
      // Several may have been started at once.
      if (without === undefined) console.warn(`Shoal decodes Parquet and Arrow files in this page's own thread: ${started}. A damaged file that makes its decoder loop can't be stopped there.`);
      without = started;
    }
    return (await import("./thread-on-the-spot.ts")).threadOnTheSpot();
  };
}

/** A worker; or why there can be none. @throws `decoder-not-started` */
async function startWorker(startMs: number): Promise<Thread | string> {
  if (!("Worker" in globalThis)) return "there are no workers here";
  let worker: Worker;
  try {
    // Bundlers look for exactly this form.
    worker = new Worker(new URL("./decode-web-worker.js", import.meta.url), { type: "module", name: "shoal-decode" });
  } catch (error) {
    return `a worker can't be made (${String(error)})`;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const outcome = await new Promise<"began" | "failed" | "silent">((resolve) => {
    worker.onmessage = () => resolve("began");
    worker.onerror = () => resolve("failed");
    timer = setTimeout(() => resolve("silent"), startMs);
  });
  clearTimeout(timer);
  if (outcome !== "began") worker.terminate();
  if (outcome === "failed") return "the worker's file can't be loaded";
  if (outcome === "silent") {
    throw new ShoalError("decoder-not-started", `The worker that decodes files did not start within ${startMs / 1000} s.`, { hint: "The page is too busy: let it come to rest, and run again.", failure: "bug" });
  }
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(message, failed) {
      worker.onmessage = ({ data }: MessageEvent<FromThread>) => message(data);
      worker.onerror = (event) => failed(event.message);
    },
    hold() {},
    end: async () => worker.terminate(),
  };
}
