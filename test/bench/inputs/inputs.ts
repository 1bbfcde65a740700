import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { sentiment } from "@shoal/tiny-models";
import { encoderModel, imageModel } from "./make-models.ts";
import { jpeg, sentences } from "./make-rows.ts";

export type JobName = "sentiment" | "encoder" | "images";

/** What one job reads: the same for Shoal and whatever it is compared with. */
export interface JobInput {
  readonly job: JobName;
  /** A JSON Lines file, or a folder of JPEGs. */
  readonly path: string;
  /** A folder in transformers.js's layout. */
  readonly model: string;
  readonly rows: number;
  readonly distinct: number;
}

export interface Inputs {
  readonly jobs: Readonly<Record<JobName, JobInput>>;
  /** Where the peers' scripts and their installations are; absent where the inputs were generated. */
  readonly peers?: { readonly scripts: string; readonly python: string; readonly env: Readonly<Record<string, string>> };
  /** In words, for the table. */
  readonly about: string;
  /** A larger JPEG, for decoding that costs as much as a model. */
  readonly photograph: string;
}

const rowsOf: Readonly<Record<JobName, number>> = { sentiment: 60_000, encoder: 6_000, images: 10_000 };
const shared = fileURLToPath(new URL("../../../../shared/", import.meta.url));
/** Everything that is generated or written here. */
export const scratch = fileURLToPath(new URL("../out/", import.meta.url));

/** The peers' inputs where they have been set up, and otherwise generated ones of the same sizes. `share`: 0.1 takes a tenth of each. */
export function findInputs(share: number): Inputs {
  const home = process.env["PEERS_HOME"] ?? `${tmpdir()}/peers`;
  const scripts = `${shared}peers/`;
  const ready = existsSync(`${scripts}loop.mjs`) && existsSync(`${home}/sentiment.jsonl`) && existsSync(`${home}/images`) && process.env["SHOAL_BENCH_GENERATED"] === undefined;
  const folder = `${scratch}inputs/`;
  mkdirSync(folder, { recursive: true });
  const photograph = `${folder}photograph.jpg`;
  if (!existsSync(photograph)) writeFileSync(photograph, jpeg(3, 640, 480));
  const whole = ready ? peerJobs(home) : generatedJobs(folder);
  const partFolder = share === 1 ? undefined : `${folder}${ready ? "peers" : "generated"}-${share}/`;
  return {
    jobs: { sentiment: part(whole.sentiment, share, partFolder), encoder: part(whole.encoder, share, partFolder), images: part(whole.images, share, partFolder) },
    ...(ready ? { peers: { scripts, python: `${home}/v/bin/python`, env: { PEERS_HOME: peersHome(home, partFolder), SHOAL_SHARED: shared } } } : {}),
    about: ready ? "the peers' inputs: sentences of uci-sentiment, JPEGs of cifar10" : "generated inputs: sentences and JPEGs from a fixed seed, models of the same size with random weights",
    photograph,
  };
}

/** The peers read the files of one folder: of a part they get one that looks like the whole. */
function peersHome(home: string, partFolder: string | undefined): string {
  if (partFolder === undefined) return home;
  for (const name of ["node_modules", "encoder"]) if (!existsSync(`${partFolder}${name}`)) symlinkSync(`${home}/${name}`, `${partFolder}${name}`);
  return partFolder.replace(/\/$/, "");
}

type Source = Pick<JobInput, "job" | "path" | "model">;

function peerJobs(home: string): Record<JobName, Source> {
  return {
    sentiment: { job: "sentiment", path: `${home}/sentiment.jsonl`, model: `${shared}models/sentiment-mini` },
    encoder: { job: "encoder", path: `${home}/encoder.jsonl`, model: `${home}/encoder` },
    images: { job: "images", path: `${home}/images`, model: `${shared}models/resnet8-cifar10` },
  };
}

function generatedJobs(folder: string): Record<JobName, Source> {
  const tiny = fileURLToPath(sentiment).replace(/\/$/, "");
  const encoder = `${folder}encoder`;
  const images = `${folder}image-model`;
  for (const job of ["sentiment", "encoder"] as const) {
    const path = `${folder}${job}.jsonl`;
    if (!existsSync(path)) writeFileSync(path, sentences(rowsOf[job]).map((text, id) => `${JSON.stringify({ id, text })}\n`).join(""));
  }
  if (!existsSync(`${encoder}/onnx/model.onnx`)) {
    mkdirSync(`${encoder}/onnx`, { recursive: true });
    for (const file of ["tokenizer.json", "tokenizer_config.json", "config.json"]) copyFileSync(`${tiny}/${file}`, `${encoder}/${file}`);
    const { vocab_size } = JSON.parse(readFileSync(`${tiny}/config.json`, "utf8")) as { vocab_size: number };
    writeFileSync(`${encoder}/onnx/model.onnx`, encoderModel(vocab_size));
  }
  if (!existsSync(`${images}/onnx/model.onnx`)) {
    mkdirSync(`${images}/onnx`, { recursive: true });
    const labels = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at, `class-${at}`]));
    writeFileSync(`${images}/config.json`, JSON.stringify({ architectures: ["ResNetForImageClassification"], model_type: "resnet", image_size: 32, num_channels: 3, id2label: labels }));
    writeFileSync(`${images}/preprocessor_config.json`, JSON.stringify({ image_processor_type: "ViTImageProcessor", do_resize: true, size: { height: 32, width: 32 }, resample: 2, do_rescale: false, do_normalize: false }));
    writeFileSync(`${images}/onnx/model.onnx`, imageModel());
  }
  const pictures = `${folder}images`;
  if (!existsSync(`${pictures}/9999.jpg`)) {
    mkdirSync(pictures, { recursive: true });
    const distinct = Array.from({ length: 1000 }, (_, seed) => jpeg(seed, 32, 32));
    for (let at = 0; at < rowsOf.images; at++) writeFileSync(`${pictures}/${String(at).padStart(4, "0")}.jpg`, distinct[at % 1000] as Uint8Array);
  }
  return {
    sentiment: { job: "sentiment", path: `${folder}sentiment.jsonl`, model: tiny },
    encoder: { job: "encoder", path: `${folder}encoder.jsonl`, model: encoder },
    images: { job: "images", path: pictures, model: images },
  };
}

/** A share of a job's rows, as files of their own where it is not all, so that every program reads exactly these. */
function part(source: Source, share: number, folder: string | undefined): JobInput {
  const images = source.job === "images";
  const items = images ? readdirSync(source.path).sort() : readFileSync(source.path, "utf8").trimEnd().split("\n");
  const chosen = items.slice(0, Math.round(items.length * share));
  const content = (item: string): string => (images ? readFileSync(`${source.path}/${item}`, "base64") : (JSON.parse(item) as { text: string }).text);
  const counts = { rows: chosen.length, distinct: new Set(chosen.map(content)).size };
  if (folder === undefined) return { ...source, ...counts };
  const path = `${folder}${images ? "images" : `${source.job}.jsonl`}`;
  mkdirSync(images ? path : folder, { recursive: true });
  if (images) for (const item of chosen) copyFileSync(`${source.path}/${item}`, `${path}/${item}`);
  else writeFileSync(path, chosen.map((line) => `${line}\n`).join(""));
  return { ...source, path, ...counts };
}
