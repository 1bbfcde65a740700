import type { OnnxPort } from "@shoal/core";
import { expect, test } from "vitest";
import { checkHiddenStates } from "./check-hidden-states.ts";

const port = (name: string, width: number | string): OnnxPort => ({ name, type: "float32", shape: ["batch", width] });
const classifier = { architectures: ["BertForSequenceClassification"], hidden_size: 64 };

test("scores of labels or words are no embedding", () => {
  expect(() => checkHiddenStates([port("logits", 2)], classifier, "sentiment")).toThrow(/sentiment is a BertForSequenceClassification: its graph gives scores \(logits\) and no hidden states[^]*feature-extraction/);
  expect(() => checkHiddenStates([port("logits", "vocabulary")], { architectures: ["GPT2LMHeadModel"] }, "storyteller")).toThrow(/no hidden states/);
  expect(() => checkHiddenStates([port("logits", 2)], { architectures: ["ViTForImageClassification"] }, "pictures")).toThrow(/no hidden states/);
});

test.each([
  ["an encoder", [port("last_hidden_state", 64)], { architectures: ["BertModel"] }],
  ["a classifier that gives hidden states too", [port("logits", 2), port("last_hidden_state", 64)], classifier],
  ["vectors under the name of scores, as wide as the model", [port("logits", 64)], classifier],
  ["an architecture that nobody knows", [port("logits", "n")], { architectures: ["NewThing"] }],
  ["a graph whose output has a name of its own", [port("pooled", 2)], classifier],
] as const)("%s may", (_what, outputs, config) => {
  expect(() => checkHiddenStates(outputs, { ...config, architectures: [...config.architectures] }, "model")).not.toThrow();
});
