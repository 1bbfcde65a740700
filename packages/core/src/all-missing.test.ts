import { expect, test } from "vitest";
import { isAllMissing } from "./all-missing.ts";
import { columnFromValues } from "./column-from-values.ts";

test("a column is all missing where it has rows and none of them a value", () => {
  const columns = [[null, null], [undefined], ["", null], [0], []].map((values) => columnFromValues(values));
  expect(columns.map(isAllMissing)).toEqual([true, true, false, false, false]);
  expect([[null, null], [null, []]].map((values) => isAllMissing(columnFromValues(values, { kind: "json" })))).toEqual([true, false]);
  expect(isAllMissing({ type: { kind: "tensor", element: "float32", shape: [2] }, length: 2, values: new Float32Array(4), validity: new Uint8Array([0, 0]) })).toBe(true);
  expect(isAllMissing({ type: { kind: "float32" }, length: 2, values: new Float32Array([NaN, NaN]) })).toBe(false);
});
