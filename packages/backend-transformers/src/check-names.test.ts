import { expect, test } from "vitest";
import { featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification } from "./index.ts";

const tasks = { textClassification, textGeneration, featureExtraction, tokenClassification, imageClassification };
const columns = { model: "org/name", input: "a", output: "b" };

// What TypeScript would refuse comes from JavaScript all the same.
test.each(Object.entries(tasks))("%s refuses what it does not know, and asks for what it needs", (name, task) => {
  const given = (options: object) => () => (task as unknown as (options: object) => unknown)(options);
  expect(given(columns)).not.toThrow();
  expect(given({ ...columns, device: undefined })).toThrow(`${name}() has no option "device".`);
  expect(given({ model: "org/name", inputs: "a", output: "b" })).toThrow(`${name}() has no option "inputs".\n  → Write input.`);
  expect(given({ model: "org/name", output: "b" })).toThrow(`${name}() needs the option "input": the name of the column to read.`);
  expect(given({ ...columns, output: 3 })).toThrow(`${name}() needs the option "output": the name of the column to add; it is 3.`);
  expect(given({ input: "a", output: "b" })).toThrow(expect.objectContaining({ code: "bad-option" }) as Error);
});

test("every option of a task's own is known", () => {
  expect(() => textGeneration({ ...columns, maxNewTokens: 1, maxLength: 9, minNewTokens: 0, returnFullText: true, stop: ["."], temperature: 1, topK: 2, topP: 1, repetitionPenalty: 1, seed: 0, seedColumn: "c", numReturnSequences: 2, truncate: true, dtype: "fp32", revision: "main", modelFile: "x.onnx" })).not.toThrow();
  expect(() => textClassification({ ...columns, scoreOutput: "c", topK: 1 })).not.toThrow();
  expect(() => imageClassification({ ...columns, scoreOutput: "c", topK: 1, antialias: true })).not.toThrow();
  expect(() => featureExtraction({ ...columns, pooling: "cls", normalize: true })).not.toThrow();
  expect(() => tokenClassification({ ...columns, aggregation: "simple", ignoreLabels: [] })).not.toThrow();
});
