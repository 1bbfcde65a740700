// The very batches that an actor ran, in a loop as one would write it by hand in a worker of its own; it only runs the session.
import type { OnnxTensor } from "@shoal/core";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { RecordedBatch } from "./recorded-batch.ts";

export interface LoopRequest {
  readonly model: string;
  readonly threads: number;
  /** Not counted: those that the engine's first rows came with, while the library warms up. */
  readonly firstRows: number;
  readonly batches: readonly RecordedBatch[];
}

export interface LoopAnswer {
  readonly rows: number;
  readonly batches: number;
  readonly t_first: number;
  readonly n_first: number;
  readonly t_end: number;
}

globalThis.addEventListener("message", (event) => void answer((event as MessageEvent<LoopRequest>).data), { once: true });

async function answer({ model, threads, firstRows, batches }: LoopRequest): Promise<void> {
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1, executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const ready = batches.map((feeds) => Object.fromEntries(Object.entries(feeds).map(([name, given]) => {
    const { type, data, shape } = given as OnnxTensor;
    return [name, new Tensor(type as "int64", data as BigInt64Array, shape)] as const;
  })));
  let [rows, n_first, t_first] = [0, 0, Date.now() / 1000];
  for (const feeds of ready) {
    await session.run(feeds);
    rows += Object.values(feeds)[0]?.dims[0] ?? 0;
    if (rows <= firstRows) [n_first, t_first] = [rows, Date.now() / 1000];
  }
  const said: LoopAnswer = { t_first, n_first, t_end: Date.now() / 1000, rows, batches: ready.length };
  (globalThis as unknown as { postMessage(answer: LoopAnswer): void }).postMessage(said);
}
