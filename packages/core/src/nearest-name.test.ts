import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

const known = ["input", "output", "topK", "maxNewTokens", "batchSize", "onError"];

test.each([
  ["inputs", "input"], ["topk", "topK"], ["maxTokens", undefined], ["newTokens", "maxNewTokens"], ["batchsize", "batchSize"], ["onErorr", "onError"], ["text", undefined], ["k", undefined],
])("%s → %s", (name, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});
