// One story over the public API, told by every runtime: read, tokenise, predict on each device, fail and recover, write. Plain JSON comes of it.
import { readJsonl, readParquet, type Device, type RunEvent, type RunSettings } from "shoal";
import { onnx } from "shoal/onnx";
import { sentiment, storyteller } from "shoal/tiny-models";
import { featureExtraction, textClassification, textGeneration } from "shoal/transformers";
import { measured } from "./predictors.ts";

/** Where files are, and what to try. */
export interface StorySetting {
  /** A folder, or the address of one, with opinions.jsonl, prompts.jsonl, numbers.jsonl, phrases.jsonl and texts.jsonl. */
  readonly input: string;
  /** A folder, which need not exist. */
  readonly output: string;
  /** What does not exist, and will once an actor ended. */
  readonly mark: string;
  readonly devices: readonly Device[];
  /** Models that are not part of Shoal, as `name` → folder or address. */
  readonly models: { readonly embedder?: string };
}

type Told = Readonly<Record<string, unknown>>;

/** What was read back of what was written on one device. */
export interface DeviceChapter {
  readonly opinions: readonly Told[];
  readonly completions: readonly Told[];
  readonly scores: readonly Told[];
  readonly vectors: readonly Told[];
}

/** What became of rows that can't be predicted, and of those whose actor ended. */
export interface RecoveryChapter {
  readonly rows: readonly Told[];
  readonly skipped: readonly Told[];
  readonly deadLetters: readonly Told[];
  readonly lostActors: number;
}

export interface Story {
  readonly devices: Readonly<Record<string, DeviceChapter>>;
  readonly recovery: RecoveryChapter;
}

/** @param worker the worker entry, where the story is in a bundle. */
export async function tellStory(setting: StorySetting, worker?: RunSettings["worker"]): Promise<Story> {
  const devices: Record<string, DeviceChapter> = {};
  for (const device of setting.devices) devices[device] = await predictOn(device, setting);
  return { devices, recovery: await recover(setting, worker === undefined ? {} : { worker }) };
}

async function predictOn(device: Device, { input, output, models }: StorySetting): Promise<DeviceChapter> {
  const place = (name: string): string => `${output}/${name}-${device}`;

  await readJsonl<{ text: string }>(`${input}/opinions.jsonl`)
    .mapBatches(textClassification({ model: sentiment, input: "text", output: "label", scoreOutput: "score" }), { device })
    .withColumn("sure", (row) => row.score > 0.9)
    .writeJsonl(`${place("opinions")}.jsonl`, { mode: "overwrite" });

  await readJsonl<{ prompt: string }>(`${input}/prompts.jsonl`)
    .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 20 }), { device, batchSize: 2 })
    .writeParquet(place("completions"), { mode: "overwrite" });

  const plain = new URL("../../tour/model.onnx", import.meta.url).href;
  await readJsonl<{ x: number[] }>(`${input}/numbers.jsonl`)
    .mapBatches(onnx<{ y: number }>({ model: plain, inputs: { x: "x" }, outputs: { y: "y" } }), { device, batchSize: 3 })
    .writeJsonl(`${place("scores")}.jsonl`, { mode: "overwrite" });

  if (models.embedder !== undefined) {
    await readJsonl<{ text: string }>(`${input}/phrases.jsonl`)
      .mapBatches(featureExtraction({ model: models.embedder, input: "text", output: "vector", normalize: true }), { device })
      .map(({ text, vector }) => ({ text, vector: Array.from(vector) }))
      .writeJsonl(`${place("vectors")}.jsonl`, { mode: "overwrite" });
  }

  return {
    opinions: await readJsonl(`${place("opinions")}.jsonl`).takeAll(),
    completions: await readParquet(place("completions")).takeAll(),
    scores: await readJsonl(`${place("scores")}.jsonl`).takeAll(),
    vectors: models.embedder === undefined ? [] : await readJsonl(`${place("vectors")}.jsonl`).takeAll(),
  };
}

async function recover({ input, output, mark }: StorySetting, settings: RunSettings): Promise<RecoveryChapter> {
  const events: RunEvent[] = [];
  const texts = readJsonl<{ id: number; text: string }>(`${input}/texts.jsonl`);
  const place = `${output}/measured.jsonl`;
  const report = await texts
    .mapBatches(measured, { concurrency: 2, batchSize: 4, onError: "deadLetter", args: { mark } })
    .writeJsonl(place, { mode: "overwrite", onEvent: (event) => events.push(event), ...settings });
  const skipped = await texts.mapBatches(measured, { onError: "skip", args: { mark } }).takeAll(Infinity, settings);
  return {
    rows: await readJsonl(place).takeAll(),
    skipped,
    deadLetters: report.result.deadLetters === undefined ? [] : await readJsonl(report.result.deadLetters).takeAll(),
    lostActors: events.filter(({ kind }) => kind === "actor-lost").length,
  };
}
