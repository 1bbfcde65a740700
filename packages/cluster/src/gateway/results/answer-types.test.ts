import type { ColumnType } from "@shoal/core";
import { expect, test } from "vitest";
import { AnswerTypes } from "./answer-types.ts";

const label: ColumnType = { kind: "utf8" } as unknown as ColumnType;
const score: ColumnType = { kind: "float64" } as unknown as ColumnType;
const missing: ColumnType = { kind: "null" } as unknown as ColumnType;

test("the first answer of a trusted worker says what the columns are, and two strangers do that agree", () => {
  const types = new AnswerTypes();
  expect(types.fault({ label: score }, "a", true)).toBeUndefined();
  expect(types.fault({ label: score }, "a", true)).toBeUndefined();
  expect(types.fault({ label }, "own", false)).toBeUndefined();
  expect(types.fault({ label: score }, "a", true)).toBe('Column "label" is of type float64, and in other results of type utf8.');
  const strangers = new AnswerTypes();
  for (const name of ["a", "b"]) expect(strangers.fault({ label }, name, true)).toBeUndefined();
  expect(strangers.fault({ label: score }, "c", true)).toContain("float64");
});

test("nothing but missing values say nothing of a type, and are a fault of strangers alone, who would have an easy answer", () => {
  const types = new AnswerTypes();
  expect(types.fault({ label: missing, score }, "own", false)).toBeUndefined();
  expect(types.fault({ label, score }, "stranger", true)).toBeUndefined();
  expect(types.fault({ label: missing, score }, "another", true)).toBeUndefined();
  expect(types.fault({ label, score }, "third", true)).toBeUndefined();
  expect(types.fault({ label: missing, score: missing }, "own", false)).toBeUndefined();
  expect(types.fault({ label: missing, score }, "another", true)).toBe('Column "label" is of type null, and in other results of type utf8.');
  expect(types.fault({ label: score, score }, "stranger", true)).toContain('Column "label"');
  expect(types.fault({ label, score: label }, "stranger", true)).toContain('Column "score"');
});
