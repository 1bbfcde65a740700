import { expect, test } from "vitest";
import { checkArchitecture } from "./check-architecture.ts";

test("a model made for another task says so, and which", () => {
  expect(() => checkArchitecture({ architectures: ["BertForSequenceClassification"] }, "text-generation", "sentiment"))
    .toThrow("sentiment is a BertForSequenceClassification: it does not generate text.\n  → Use text-classification with it, or a model made for text-generation.");
  expect(() => checkArchitecture({ architectures: ["GPT2LMHeadModel"] }, "text-classification", "storyteller")).toThrow(/does not label texts/);
});

test.each([
  [["GPT2LMHeadModel"], "text-generation"],
  [["LlamaForCausalLM"], "text-generation"],
  [["BertForSequenceClassification"], "feature-extraction"],
  [["BertForMaskedLM"], "text-classification"],
  [["NewThing", "BertForTokenClassification"], "token-classification"],
  [[], "text-generation"],
  [undefined, "image-classification"],
])("%o may do %s", (architectures, task) => {
  expect(() => checkArchitecture(architectures === undefined ? {} : { architectures }, task, "model")).not.toThrow();
});
