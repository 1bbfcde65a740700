import { columnFromValues, createBlock, type Block, type Column, type JsonObject } from "@shoal/core";
import type { ClassificationSettings, LabelScore } from "../text-classification.ts";

/** Logits as scores: for one label of many they sum to 1, for any number of labels each stands by itself. */
export function scoresOf(logits: Float32Array, oneOfMany: boolean): Float32Array {
  if (!oneOfMany) return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/** config.json's names of the labels. */
export function labelName(config: JsonObject, id: number): string {
  const name = (config["id2label"] as JsonObject | undefined)?.[String(id)];
  return typeof name === "string" ? name : `LABEL_${id}`;
}

/** The columns a classifier adds, from a tensor column of each row's logits. */
export function classifiedBlock(block: Block, logits: Column, settings: ClassificationSettings, config: JsonObject): Block {
  const size = logits.values.length / Math.max(1, block.rows);
  const oneOfMany = config["problem_type"] !== "multi_label_classification" && size > 1;
  if (settings.topK === undefined) return bestLabel(block, logits.values as Float32Array, size, oneOfMany, settings, config);
  const best = Array.from({ length: block.rows }, (_, row) => {
    const own = (logits.values as Float32Array).subarray(row * size, (row + 1) * size);
    return bestLabels(scoresOf(own, oneOfMany), settings.topK as number, config);
  });
  const columns: Record<string, Column> = { [settings.output]: columnFromValues(best, { kind: "json" }) };
  if (settings.scoreOutput !== undefined) columns[settings.scoreOutput] = columnFromValues(best.map(([first]) => first?.score), { kind: "float32" });
  return createBlock(columns, block.lineage, block.rows);
}

/** Each row's best label alone, by its logits as they lie there: this is done for every row of a run, on the thread that prepares the next batch. */
function bestLabel(block: Block, logits: Float32Array, size: number, oneOfMany: boolean, settings: ClassificationSettings, config: JsonObject): Block {
  const names = Array.from({ length: size }, (_, id) => labelName(config, id));
  const labels: string[] = [];
  const scores = new Float32Array(block.rows);
  for (let start = 0; labels.length < block.rows; start += size) {
    let best = start;
    for (let at = start + 1; at < start + size; at++) if ((logits[at] as number) > (logits[best] as number)) best = at;
    let sum = oneOfMany ? 0 : 1 + Math.exp(-(logits[best] as number));
    if (oneOfMany) for (let at = start; at < start + size; at++) sum += Math.exp((logits[at] as number) - (logits[best] as number));
    scores[labels.length] = 1 / sum;
    labels.push(names[best - start] as string);
  }
  const columns: Record<string, Column> = { [settings.output]: { type: { kind: "utf8" }, length: block.rows, values: labels } };
  if (settings.scoreOutput !== undefined) columns[settings.scoreOutput] = { type: { kind: "float32" }, length: block.rows, values: scores };
  return createBlock(columns, block.lineage, block.rows);
}

function bestLabels(scores: Float32Array, count: number, config: JsonObject): LabelScore[] {
  const ids = Array.from(scores, (_, id) => id);
  const best = ids.toSorted((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, count);
  return best.map((id) => ({ label: labelName(config, id), score: scores[id] as number }));
}
