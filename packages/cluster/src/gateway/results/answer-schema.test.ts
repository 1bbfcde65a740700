import { blockFromRows, columnFromValues, createBlock } from "@shoal/core";
import { encodeBlock, encodedTypes } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import { AnswerSchema } from "./answer-schema.ts";

test("answers of the same columns have the types of the one before, others have their own", () => {
  const schema = new AnswerSchema();
  const of = (values: readonly unknown[], name = "n"): Uint8Array => encodeBlock(createBlock({ [name]: columnFromValues(values) }));
  const numbers = of([1.5, 2.5]);
  const types = schema.typesOf(numbers);
  expect(types).toEqual(encodedTypes(numbers));
  expect(schema.typesOf(of([3.5, 4.5]))).toBe(types);
  for (const other of [of(["a", "b"]), of([1.5, 2.5], "m"), of([true, false]), encodeBlock(blockFromRows([{ n: 1.5, m: "a" }])), of([1.5]), numbers]) expect(schema.typesOf(other)).toEqual(encodedTypes(other));
});

test("it reads an answer wherever it lies in its buffer", () => {
  const schema = new AnswerSchema();
  const answer = encodeBlock(blockFromRows([{ label: "a", score: 0.5 }]));
  const buffer = new Uint8Array(answer.byteLength + 8);
  buffer.set(answer, 8);
  const types = schema.typesOf(answer);
  expect(schema.typesOf(buffer.subarray(8))).toBe(types);
});

test("what is no answer, or another one, is not taken for the one before", () => {
  const schema = new AnswerSchema();
  const answer = encodeBlock(blockFromRows([{ label: "a", score: 0.5 }]));
  const types = schema.typesOf(answer);
  const longer = answer.slice();
  new DataView(longer.buffer).setInt32(4, 2 ** 30, true);
  const negative = answer.slice();
  new DataView(negative.buffer).setInt32(4, -8, true);
  const unmarked = answer.slice();
  new DataView(unmarked.buffer).setInt32(0, 0, true);
  for (const broken of [new Uint8Array(), answer.subarray(0, 7), answer.subarray(0, 12), longer, negative, unmarked]) {
    const read = whatComesOf(() => schema.typesOf(broken));
    expect(read).toEqual(whatComesOf(() => encodedTypes(broken)));
    expect(read).not.toBe(types);
  }
  const renamed = answer.slice();
  renamed.set(new TextEncoder().encode("lebal"), Buffer.from(answer).indexOf("label"));
  expect(Object.keys(schema.typesOf(renamed))).toEqual(["lebal", "score"]);
  expect(Object.keys(schema.typesOf(answer))).toEqual(["label", "score"]);
});

function whatComesOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}
