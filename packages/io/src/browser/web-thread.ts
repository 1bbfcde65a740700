import type { FromThread, Thread } from "../decode-thread-messages.ts";

/** How long a worker may take to begin. */
const startMs = 10_000;
let workers = "Worker" in globalThis;

/**
 * A web worker. Where there can be none, as in a service worker, or in a bundle that lacks the worker's file, jobs are done on the spot:
 * in pieces, so the page goes on in between, but nothing can stop them.
 */
export async function startWebThread(): Promise<Thread> {
  if (workers) {
    const worker = await startWorker();
    if (worker !== undefined) return worker;
    workers = false;
  }
  return (await import("./thread-on-the-spot.ts")).threadOnTheSpot();
}

async function startWorker(): Promise<Thread | undefined> {
  let worker: Worker;
  try {
    // Bundlers look for exactly this form.
    worker = new Worker(new URL("./decode-web-worker.js", import.meta.url), { type: "module", name: "shoal-decode" });
  } catch {
    return undefined;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const began = await new Promise<boolean>((resolve) => {
    worker.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
    timer = setTimeout(() => resolve(false), startMs);
  });
  clearTimeout(timer);
  if (!began) {
    worker.terminate();
    return undefined;
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
