import { createBlock, tensorColumn, type Column } from "@shoal/core";
import { expect, it } from "vitest";
import { checkOutput } from "../model/check-output.ts";
import type { LabelScore } from "../text-classification.ts";
import { groupEntities } from "./group-entities.ts";
import { classifiedBlock } from "./label-scores.ts";
import { normalizeRows } from "./token-vectors.ts";

it("scales vectors to length 1, except zeros", () => {
  const vectors = Float32Array.of(3, 4, 0, 0);
  normalizeRows(vectors, 2);
  expect([...vectors].map((value) => Math.round(value * 10) / 10)).toEqual([0.6, 0.8, 0, 0]);
});

it("names the rows that are not numbers, or all zeros: a lost device, if it is a GPU", () => {
  const check = (numbers: number[], device: string) => () => checkOutput(Float32Array.from(numbers), 3, { device }, "embed(x)", "logits");
  expect(check([1, 2, NaN, 4, 5, 6], "cpu")).toThrow(/embed\(x\).*row 1 of a batch of 3/);
  expect(check([1, 2, 0, 0, 0, 0], "cpu")).toThrow(expect.objectContaining({ code: "zero-output", failure: "row", details: { rows: [1, 2] } }));
  expect(check([1, 2, 0, 0, 0, 0], "webgpu")).toThrow(expect.objectContaining({ failure: "device-lost" }));
  expect(check([1, 0, 0, 4, -5, 6], "cpu")).not.toThrow();
  expect(() => checkOutput(Float32Array.of(1, 2, 0, 0), 2, { device: "cpu" }, "embed(x)", "logits", (row) => row === 1)).not.toThrow();
});

it("softmax for one label of many, sigmoid for labels that stand alone", () => {
  const block = createBlock({ logits: tensorColumn(Float32Array.of(0, Math.log(3)), [2]) });
  const settings = { input: "text", output: "label", scoreOutput: "score" };
  const classify = (config: object) => classifiedBlock(block, block.columns["logits"] as never, { ...settings, topK: 2 }, config as never).columns["label"]?.values;
  expect(classify({ id2label: { 0: "no", 1: "yes" } })).toEqual([[{ label: "yes", score: expect.closeTo(0.75) }, { label: "no", score: expect.closeTo(0.25) }]]);
  expect(classify({ problem_type: "multi_label_classification" })).toEqual([[{ label: "LABEL_1", score: expect.closeTo(0.75) }, { label: "LABEL_0", score: expect.closeTo(0.5) }]]);
});

it("the best label alone is the first of all labels, with the same score", () => {
  const block = createBlock({ logits: tensorColumn(Float32Array.of(-3, 2, 2, 40, -40, 0.5, -1, -2, -3), [3]) });
  for (const config of [{ id2label: { 0: "a", 1: "b", 2: "c" } }, { problem_type: "multi_label_classification" }]) {
    const columns = (topK: object) => classifiedBlock(block, block.columns["logits"] as never, { input: "text", output: "label", scoreOutput: "score", ...topK }, config as never).columns;
    const best = columns({});
    const all = columns({ topK: 3 });
    expect(best["label"]?.values).toEqual(Array.from((all["label"] as Column<LabelScore[]>).values, (scores) => scores[0]?.label));
    expect(best["score"]?.values).toEqual(all["score"]?.values);
  }
});

it("groups tokens by their prefixes", () => {
  const labels = ["B-a", "I-a", "B-a", "I-b", "S-b", "E-b", "I-b", "c", "c"];
  const tokens = labels.map((entity, index) => ({ entity, index, id: index, score: 1, word: "", start: index, end: index + 1 }));
  expect(groupEntities(tokens, { decode: (ids) => ids.join("") }).map(({ entity_group, word }) => `${entity_group}:${word}`)).toEqual(["a:01", "a:2", "b:3", "b:4", "b:56", "c:78"]);
});
