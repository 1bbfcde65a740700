import { Worker, type WorkerOptions } from "node:worker_threads";
import type { StartThread } from "@shoal/ort-sessions";
import type { Complaints } from "./device-complaints.ts";

/** What an inner thread is told. */
export interface ThreadData {
  /** Where to read what the GPU complains about. */
  readonly complaints: Complaints | undefined;
}

/** Starts the inner thread of an actor. */
export const threadStarter = (workerData: ThreadData): StartThread => (settle, lose) => {
  const { url, options } = threadEntry("session-thread");
  const worker = new Worker(url, { name: "shoal-onnx", workerData, ...options });
  worker.on("message", settle);
  worker.on("error", (error) => lose(`it threw: ${error instanceof Error ? error.message : String(error)}`));
  worker.on("exit", (code) => lose(`it ended with code ${code}`));
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: () => worker.terminate(),
  };
};

/** A file of this package as the entry of a thread or process: the source in the workspace, which Node 20 needs a loader for. */
export function threadEntry(name: "session-thread" | "probe-process"): { readonly url: URL; readonly options: Pick<WorkerOptions, "execArgv"> } {
  const source = import.meta.url.endsWith(".ts");
  const url = new URL(`./${name}.${source ? "ts" : "js"}`, import.meta.url);
  if (!source || "Deno" in globalThis || "Bun" in globalThis) return { url, options: {} };
  const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url);
  return { url, options: { execArgv: ["--conditions=@shoal/source", "--import", loader.href] } };
}
