// A loop as one would write it by hand: files → decoded pixels → batches of 32 → the model, one process.
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Transformer } from "@napi-rs/image";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { path, model, threads } = JSON.parse(process.argv[2] as string) as { path: string; model: string; threads: number };
const session = await InferenceSession.create(`${model}/onnx/model.onnx`, { intraOpNumThreads: threads, executionProviders: ["cpu"] });
const name = session.inputNames[0] as string;
const metadata = session.inputMetadata[0];
const channelsFirst = metadata?.isTensor === true && metadata.shape[1] === 3;
const pixels = 32 * 32;
const files = readdirSync(path).sort();

let first: { at: number; rows: number } | undefined;
for (let from = 0; from < files.length; from += 32) {
  const images = await Promise.all(files.slice(from, from + 32).map(async (file) => new Transformer(await readFile(`${path}/${file}`)).rawPixels()));
  const values = new Float32Array(images.length * pixels * 3);
  for (const [row, image] of images.entries()) {
    const base = row * pixels * 3;
    if (!channelsFirst) values.set(image, base);
    else for (let at = 0; at < pixels; at++) for (let channel = 0; channel < 3; channel++) values[base + channel * pixels + at] = image[at * 3 + channel] as number;
  }
  await session.run({ [name]: new Tensor("float32", values, channelsFirst ? [images.length, 3, 32, 32] : [images.length, 32, 32, 3]) });
  first ??= { at: Date.now() / 1000, rows: images.length };
}
console.log(JSON.stringify({ t_first: first?.at, n_first: first?.rows, t_end: Date.now() / 1000, rows: files.length }));
