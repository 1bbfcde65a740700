import * as v from "valibot";
import { amount, columns, count, counted, device, flag, id, json, jsonObject, list, named, sha256, text, words } from "./parts.ts";

const phases = list(v.picklist(["preprocess", "predict", "postprocess"]), 16);
const place = named(4_096);

const declarativeSpec = v.object({
  kind: v.literal("declarative"), name: text(1_024), backend: named(256), task: named(256), model: place,
  options: jsonObject, reads: columns, adds: columns, costUnit: v.exactOptional(named(256)), phases, variants: v.exactOptional(list(jsonObject, 64)),
});

const moduleSpec = v.object({
  kind: v.literal("module"), name: text(1_024), module: place, export: named(256), args: json,
  batchFormat: v.picklist(["columns", "rows", "arrow"]), rows: v.picklist(["same", "any"]), stateful: flag, costUnit: v.exactOptional(named(256)), phases,
});

const policy = v.object({
  batchSize: v.union([count, v.literal("auto")]), maxBatchCost: v.exactOptional(v.union([amount, v.literal("auto")])),
  maxBatchRows: count, collapse: flag, bisect: flag,
});

export const segmentPlan = v.object({
  kind: v.literal("actor-pool"), spec: v.variant("kind", [declarativeSpec, moduleSpec]), policy, stages: list(text(1_024), 64),
  minActors: count, maxActors: count, numCpus: amount, numGpus: amount, memory: amount, device: v.union([v.literal("auto"), device]),
  onError: v.exactOptional(v.picklist(["fail", "skip", "null", "deadLetter"])), timeoutMs: v.exactOptional(amount), maxAttempts: count,
  recycleAfterBatches: v.exactOptional(count), preserveOrder: flag,
});

/** A path within the model's folder, and never out of it. */
const relativePath = v.pipe(
  named(1_024),
  v.check((path) => !/[\\\0:]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== ".."), "no relative path"),
);

const modelManifest = v.object({ hash: sha256, files: list(v.object({ path: relativePath, sha256, bytes: count }), 1_024), entry: v.exactOptional(relativePath) });
const codeBundle = v.object({ sha256, bytes: count });

export const segmentDescription = v.object({
  name: text(1_024), plan: segmentPlan, model: v.exactOptional(modelManifest), code: v.exactOptional(codeBundle), expectedBlocks: v.exactOptional(count),
});

export const about = v.object({ note: v.exactOptional(words), columns });

export const jobDescription = v.object({
  job: id, name: text(1_024), about, segments: list(segmentDescription, 64), priority: v.pipe(v.number(), v.safeInteger()),
  weight: v.pipe(v.number(), v.finite(), v.gtValue(0), v.maxValue(1e6)), volunteers: flag, passing: v.exactOptional(flag),
});

export const segmentNumber = counted(63);
