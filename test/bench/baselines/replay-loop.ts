// The very batches that an actor ran, in a tight loop: what the engine adds is what it takes longer than this.
import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";
import type { OnnxTensor } from "@shoal/core";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { record, model, threads } = JSON.parse(process.argv[2] as string) as { record: string; model: string; threads: number };
const bytes = readFileSync(record);
const batches: { readonly rows: number; readonly feeds: Record<string, Tensor> }[] = [];
for (let at = 0; at < bytes.length; ) {
  const length = bytes.readUInt32LE(at);
  const feeds = deserialize(bytes.subarray(at + 4, at + 4 + length)) as Record<string, OnnxTensor>;
  const tensors = Object.entries(feeds).map(([name, { type, data, shape }]) => [name, new Tensor(type as "int64", data as BigInt64Array, shape)] as const);
  batches.push({ rows: Object.values(feeds)[0]?.shape[0] ?? 0, feeds: Object.fromEntries(tensors) });
  at += 4 + length;
}
const session = await InferenceSession.create(`${model}/onnx/model.onnx`, { intraOpNumThreads: threads, interOpNumThreads: 1, executionProviders: ["cpu"], graphOptimizationLevel: "all" });

const began = Date.now() / 1000;
for (const { feeds } of batches) await session.run(feeds);
const ended = Date.now() / 1000;
const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
console.log(JSON.stringify({ t_first: began, n_first: 0, t_end: ended, rows, batches: batches.length }));
