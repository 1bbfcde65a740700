// What the benchmark calls in a tab; built by vite.
import { dataset, type DatasetRuntime } from "@shoal/dataset";
import { jsonlSource } from "@shoal/io";
import { webWorkerHost } from "@shoal/workers";
import { readJsonl } from "shoal";
import { labelAnywhere, type AnywhereSettings } from "../jobs/label-anywhere.ts";
import { recordings, type RecordedBatch } from "./recorded-batch.ts";
import type { LoopAnswer, LoopRequest } from "./loop-worker.ts";

let recorded: RecordedBatch[] = [];

const programs = {
  job: (settings: AnywhereSettings) => labelAnywhere(readJsonl(absolute(settings.path)), settings),

  /** The job in actors that tell of their batches; its speed does not matter. */
  async record(settings: AnywhereSettings) {
    recorded = [];
    const channel = new BroadcastChannel(recordings);
    channel.addEventListener("message", ({ data }: MessageEvent<RecordedBatch>) => void recorded.push(data));
    const said = await labelAnywhere(dataset(jsonlSource(absolute(settings.path)), recordingRuntime(settings.cpus)), settings);
    channel.close();
    return { ...said, recorded: recorded.length };
  },

  /** The batches that were recorded, in the hand-written loop. */
  loop(model: string, threads: number, firstRows: number): Promise<LoopAnswer> {
    const worker = new Worker(new URL("./loop-worker.ts", import.meta.url), { type: "module", name: "loop" });
    return new Promise<LoopAnswer>((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<LoopAnswer>) => resolve(data));
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      worker.postMessage({ model: absolute(model), threads, firstRows, batches: recorded } satisfies LoopRequest);
    }).finally(() => worker.terminate());
  },
};

export type Programs = typeof programs;

/** Models and rows lie on the page's server; what a worker reads is relative to the worker. */
function absolute(path: string): string {
  return new URL(path, location.href).href;
}

function recordingRuntime(cpus = 1): DatasetRuntime {
  return {
    settings: {},
    print: () => {},
    async open() {
      const host = webWorkerHost({ createWorker: () => new Worker(new URL("./recording-worker.ts", import.meta.url), { type: "module", name: "recording-actor" }) });
      return { host, resources: { cpus, gpus: 0, memory: 4 * 2 ** 30 }, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
    },
  };
}

Object.assign(globalThis, { programs });
