import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Transformer } from "@napi-rs/image";
import { onnx } from "@shoal/backend-onnx";
import { blockFromRows, columnValues, createBlock, tensorColumn, type Block, type Column } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { loadOnnxStep } from "./load-onnx-step.ts";

/** Models and data that are not part of this repository lie beside the checkout, or where `SHOAL_SHARED` says. */
const { SHOAL_SHARED } = process.env;
const shared = SHOAL_SHARED === undefined ? new URL("../../../shared/", import.meta.url) : pathToFileURL(`${SHOAL_SHARED}/`);
const missing = !existsSync(new URL("models/mnist", shared));
if (missing) console.warn(`Skipped: the models these tests compare with are not at ${fileURLToPath(shared)}.`);

function model(path: string): string {
  return fileURLToPath(new URL(`models/${path}`, shared));
}

function json<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, shared), "utf8")) as T;
}

function tensors(block: Block, name: string): Float32Array[] {
  return columnValues(block.columns[name] as Column) as Float32Array[];
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], digits = 3): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, at) => expect(actual[at]).toBeCloseTo(value, digits));
}

describe.skipIf(missing)("models of others through onnx()", () => {
  test("mnist: rows go one by one into a batch fixed at 1, from pixels of uint8", async () => {
    const { cases } = json<{ cases: { logits: number[] }[] }>("models/mnist/golden.json");
    await using step = await loadOnnxStep(onnx<{ logits: Float32Array }>({ model: model("mnist/onnx/model.onnx"), inputs: { Input3: "pixels" }, outputs: { logits: "Plus214_Output_0" } }));
    const bitmap = readFileSync(new URL("data/images/mnist_nine.bmp", shared));
    const bottomUp = bitmap.subarray(bitmap.readUInt32LE(10));
    const pixels = Uint8Array.from({ length: 2 * 784 }, (_, at) => (at * 31 - 784 * 31) % 256);
    for (let row = 0; row < 28; row++) pixels.set(bottomUp.subarray((27 - row) * 28, (28 - row) * 28), row * 28);
    const result = await step.predict(createBlock({ pixels: tensorColumn(pixels, [28, 28]) }));
    expect(result.columns["logits"]?.type).toEqual({ kind: "tensor", element: "float32", shape: [10] });
    tensors(result, "logits").forEach((logits, at) => expectClose(logits, cases[at]?.logits ?? [], 1));
  });

  test("yolox-nano: a flat row is cut into the model's shape", async () => {
    const { cases } = json<{ cases: { output: { length: number; sum: number; first8: number[] } }[] }>("models/yolox-nano/golden.json");
    const expected = cases[0]?.output as { length: number; sum: number; first8: number[] };
    await using step = await loadOnnxStep(onnx<{ found: Float32Array }>({ model: model("yolox-nano/onnx/model.onnx"), inputs: { images: "pixels" }, outputs: { found: "output" } }));
    const size = 3 * 416 * 416;
    const result = await step.predict(createBlock({ pixels: tensorColumn(Uint8Array.from({ length: size }, (_, at) => (at * 31) % 256), [size]) }));
    const [found] = tensors(result, "found") as [Float32Array];
    expect(result.columns["found"]?.type).toEqual({ kind: "tensor", element: "float32", shape: [3549, 85] });
    expect(found.length).toBe(expected.length);
    expectClose(found.subarray(0, 8), expected.first8, 4);
    expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(expected.sum, 0);
  });

  test("magika: 63 files in batches, as upstream labels them", async () => {
    interface Reference { readonly path: string; readonly prediction: { readonly dl: string; readonly score: number } }
    const labels = json<{ target_labels_space: string[] }>("models/magika-v3.3/magika_config.json").target_labels_space;
    const references = json<Reference[]>("models/magika-v3.3/reference_by_path.json").filter(({ prediction }) => prediction.dl !== "undefined");
    expect(references.length).toBe(63);
    await using step = await loadOnnxStep(onnx<{ probabilities: Float32Array }>({ model: model("magika-v3.3/onnx/model.onnx"), inputs: { bytes: "features" }, outputs: { probabilities: "target_label" } }));
    const rows = references.map(({ path }) => ({ features: magikaFeatures(readFileSync(new URL(`models/magika-v3.3/${path}`, shared))) }));
    // As row objects give them: lists of float64, made int32 because every number is whole.
    const result = await step.predict(blockFromRows(rows, { fields: [{ name: "features", type: { kind: "list", element: "float64" }, nullable: false }] }));
    tensors(result, "probabilities").forEach((probabilities, at) => {
      const { dl, score } = (references[at] as Reference).prediction;
      const best = probabilities.indexOf(Math.max(...probabilities));
      expect(labels[best]).toBe(dl);
      expect(Math.abs((probabilities[best] as number) - score)).toBeLessThan(1e-3);
    });
  });

  test("silero: a recording in windows, its state threaded through", async () => {
    const { probabilities } = json<{ probabilities: number[] }>("models/silero-vad-16k/golden.json");
    await using step = await loadOnnxStep(
      onnx<{ speech: Float32Array }>({
        model: model("silero-vad-16k/onnx/model.onnx"),
        inputs: { input: "samples" },
        outputs: { speech: "output" },
        constants: { sr: { type: "int64", data: [16_000], shape: [] } },
        sequence: { input: "input", window: 512, context: 64, state: { state: "stateN" } },
      }),
    );
    const samples = wavSamples(readFileSync(new URL("data/audio/speech-20s-16k.wav", shared)));
    const result = await step.predict(recordings(samples, samples.subarray(0, 1000), samples.subarray(0, 0)));
    expect(result.columns["speech"]?.type).toEqual({ kind: "list", element: "float32" });
    const [speech, short, empty] = tensors(result, "speech") as [Float32Array, Float32Array, Float32Array];
    expectClose(speech, probabilities);
    expect(short.length).toBe(2);
    expect(short[0]).toBe(speech[0]);
    expect(empty.length).toBe(0);
  });

  test("resnet8: 30 images, in a batch and alone", async () => {
    interface Case { readonly input: string; readonly output: { readonly label: string; readonly score: number } }
    const { cases } = json<{ cases: { fp32: readonly Case[] } }>("models/resnet8-cifar10/golden.json");
    const labels = Object.values(json<{ id2label: Record<string, string> }>("models/resnet8-cifar10/config.json").id2label);
    await using step = await loadOnnxStep(onnx<{ logits: Float32Array }>({ model: model("resnet8-cifar10/onnx/model.onnx"), inputs: { pixel_values: "pixels" }, outputs: { logits: "logits" } }));
    const perImage = 3 * 32 * 32;
    const pixels = new Uint8Array(cases.fp32.length * perImage);
    for (const [at, { input }] of cases.fp32.entries()) pixels.set(await planes(readFileSync(new URL(input, shared))), at * perImage);
    const together = tensors(await step.predict(createBlock({ pixels: tensorColumn(pixels, [3, 32, 32]) })), "logits");
    for (const [at, { output }] of cases.fp32.entries()) {
      const scores = softmax(together[at] as Float32Array);
      const best = scores.indexOf(Math.max(...scores));
      // The reference decoded its JPEGs otherwise: where it was unsure, a shade decides.
      if (output.score < 0.6) continue;
      expect(labels[best]).toBe(output.label);
      expect(Math.abs((scores[best] as number) - output.score)).toBeLessThan(0.1);
    }
    const alone = await step.predict(createBlock({ pixels: tensorColumn(pixels.subarray(0, perImage), [3, 32, 32]) }));
    expectClose(tensors(alone, "logits")[0] as Float32Array, [...(together[0] as Float32Array)], 4);
  });
});

/** A JPEG as red, green and blue planes. */
async function planes(file: Uint8Array): Promise<Uint8Array> {
  const pixels = await new Transformer(file).rawPixels();
  const size = pixels.length / 3;
  return Uint8Array.from(pixels, (_, at) => pixels[(at % size) * 3 + Math.floor(at / size)] as number);
}

function softmax(logits: Float32Array): number[] {
  const greatest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - greatest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The first and the last 1,024 bytes, stripped of white space, filled up with 256. */
function magikaFeatures(content: Uint8Array): number[] {
  const isSpace = (byte: number | undefined): boolean => byte !== undefined && (byte === 32 || (byte >= 9 && byte <= 13));
  const head = content.subarray(0, 4096);
  let start = 0;
  while (isSpace(head[start])) start++;
  const tail = content.subarray(-4096);
  let end = tail.length;
  while (isSpace(tail[end - 1])) end--;
  const first = [...head.subarray(start, start + 1024)];
  const last = [...tail.subarray(Math.max(0, end - 1024), end)];
  const padding = (count: number): number[] => new Array<number>(count).fill(256);
  return [...first, ...padding(1024 - first.length), ...padding(1024 - last.length), ...last];
}

function wavSamples(file: Buffer): Float32Array {
  const start = file.indexOf("data") + 8;
  return Float32Array.from({ length: (file.length - start) / 2 }, (_, at) => file.readInt16LE(start + 2 * at) / 32_768);
}

function recordings(...samples: readonly Float32Array[]): Block {
  return createBlock({ samples: { type: { kind: "list", element: "float32" }, length: samples.length, values: samples } });
}
