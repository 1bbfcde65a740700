// A loop as one would write it by hand: JSON Lines → tokens → batches → the model, one process. Settings: see below.
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { InferenceSession, Tensor } from "onnxruntime-node";

interface Settings {
  readonly path: string;
  /** A folder in transformers.js's layout. */
  readonly model: string;
  /** `sorted`: 2,048 rows at a time, sorted by length, packed under 1,024 tokens: the practical limit. `arrival`: 32 as they come. */
  readonly order: "sorted" | "arrival";
  readonly threads: number;
}

const { path, model, order, threads } = JSON.parse(process.argv[2] as string) as Settings;
const json = (file: string): object => JSON.parse(readFileSync(`${model}/${file}`, "utf8")) as object;
const tokenizer = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
const session = await InferenceSession.create(`${model}/onnx/model.onnx`, { intraOpNumThreads: threads, executionProviders: ["cpu"] });
const texts = readFileSync(path, "utf8").trimEnd().split("\n").map((line) => (JSON.parse(line) as { text: string }).text);

const window = order === "sorted" ? 2048 : 32;
let first: { at: number; rows: number } | undefined;
for (let from = 0; from < texts.length; from += window) {
  const rows = texts.slice(from, from + window).map((text) => tokenizer.encode(text).ids.slice(0, 128));
  if (order === "sorted") rows.sort((a, b) => b.length - a.length);
  for (let at = 0; at < rows.length; ) {
    const most = order === "sorted" ? Math.max(1, Math.floor(1024 / (rows[at] as number[]).length)) : window;
    const batch = rows.slice(at, at + most);
    await session.run(feeds(batch));
    at += batch.length;
  }
  first ??= { at: Date.now() / 1000, rows: rows.length };
}
console.log(JSON.stringify({ t_first: first?.at, n_first: first?.rows, t_end: Date.now() / 1000, rows: texts.length }));

function feeds(batch: readonly number[][]): Record<string, Tensor> {
  const width = Math.max(...batch.map((ids) => ids.length));
  const ids = new BigInt64Array(batch.length * width);
  const mask = new BigInt64Array(batch.length * width);
  for (const [row, own] of batch.entries()) {
    for (const [at, id] of own.entries()) {
      ids[row * width + at] = BigInt(id);
      mask[row * width + at] = 1n;
    }
  }
  const all: Record<string, BigInt64Array> = { input_ids: ids, attention_mask: mask, token_type_ids: new BigInt64Array(ids.length) };
  return Object.fromEntries(session.inputNames.map((name) => [name, new Tensor("int64", all[name] as BigInt64Array, [batch.length, width])]));
}
