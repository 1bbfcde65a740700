import { expect, test } from "vitest";
import { isAllNaN } from "./all-nan.ts";
import { columnFromValues } from "./column-from-values.ts";
import type { Column } from "./column.ts";

const floats = (...values: (number | null)[]): Column => columnFromValues(values, { kind: "float64" });

test("a column is all NaN where it has values and none of them is a number", () => {
  expect([floats(NaN, NaN), floats(null, NaN), floats(NaN, 1), floats(Infinity), floats(null), floats()].map(isAllNaN)).toEqual([true, true, false, false, false, false]);
  const tensor = (...values: number[]): Column => ({ type: { kind: "tensor", element: "float32", shape: [2] }, length: values.length / 2, values: new Float32Array(values) });
  expect([tensor(NaN, NaN), tensor(NaN, NaN, 0, NaN)].map(isAllNaN)).toEqual([true, false]);
  expect(isAllNaN({ ...tensor(NaN, NaN, 0, 0), validity: new Uint8Array([1, 0]) })).toBe(true);
  expect(isAllNaN(columnFromValues(["NaN"], { kind: "utf8" }))).toBe(false);
});
