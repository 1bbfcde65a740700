import { columnFromValues, tensorColumn, type Column, type OnnxPort, type OnnxTensor } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { tensorFromColumn } from "./column-tensors.ts";

function tensor(column: Column, type: OnnxPort["type"], ...shape: (number | string)[]): OnnxTensor {
  return tensorFromColumn(column, { port: { name: "x", type, shape }, column: "c", model: "m" });
}

describe("a column as a tensor", () => {
  test("numbers become [n], or [n, 1] where the model wants a column", () => {
    const numbers = columnFromValues([1, 2]);
    expect(tensor(numbers, "float32", "n")).toEqual({ type: "float32", shape: [2], data: Float32Array.of(1, 2) });
    expect(tensor(numbers, "int64", "n", 1)).toEqual({ type: "int64", shape: [2, 1], data: BigInt64Array.of(1n, 2n) });
    expect(tensor(numbers, "float64", -1, "m")).toEqual({ type: "float64", shape: [2, 1], data: Float64Array.of(1, 2) });
  });

  test("strings and bools keep their kind", () => {
    expect(tensor(columnFromValues(["a", "b"]), "utf8", "n", 1)).toEqual({ type: "utf8", shape: [2, 1], data: ["a", "b"] });
    expect(tensor(columnFromValues([["a", "b"]]), "utf8", "n", 2)).toEqual({ type: "utf8", shape: [1, 2], data: ["a", "b"] });
    expect(tensor(columnFromValues([true, false]), "bool", "n").data).toEqual(Uint8Array.of(1, 0));
    expect(() => tensor(columnFromValues(["a"]), "float32", "n")).toThrow(/numbers are wanted, utf8 was got/);
    expect(() => tensor(columnFromValues([1]), "utf8", "n")).toThrow(/strings are wanted, float64 was got/);
  });

  test("tensors of the model's type are not copied", () => {
    const data = Float32Array.of(1, 2, 3, 4);
    expect(tensor(tensorColumn(data, [2]), "float32", "n", "m").data).toBe(data);
  });

  test("pixels become the same numbers as floats", () => {
    const pixels = tensorColumn(Uint8Array.of(0, 255), [1, 2]);
    expect(tensor(pixels, "float16", "n", 1, 2)).toEqual({ type: "float32", shape: [1, 1, 2], data: Float32Array.of(0, 255) });
  });

  test("shapes may differ in axes of size 1, flat rows in everything but their length", () => {
    expect(tensor(tensorColumn(new Float32Array(6), [2, 3]), "float32", "n", 1, 2, 3).shape).toEqual([1, 1, 2, 3]);
    expect(tensor(tensorColumn(new Float32Array(6), [6]), "float32", "n", 2, 3).shape).toEqual([1, 2, 3]);
    expect(tensor(columnFromValues([[1, 2, 3, 4]]), "float32", "n", 2, 2).shape).toEqual([1, 2, 2]);
    const wrong = (): unknown => tensor(tensorColumn(new Float32Array(6), [3, 2]), "float32", "n", 2, 3);
    expect(wrong).toThrow('m: column "c" does not fit input "x" (float32[n, 2, 3]): shape [rows, 2, 3] is wanted, [rows, 3, 2] was got (tensor<float32>[3, 2]).');
  });

  test("integers are taken from whole numbers alone, and only those that fit", () => {
    expect(tensor(columnFromValues([1, -2]), "int32", "n").data).toEqual(Int32Array.of(1, -2));
    for (const [value, type] of [[1.5, "int64"], [NaN, "int32"], [2 ** 40, "int32"], [-1, "uint8"], [2, "bool"]] as const) {
      const convert = (): unknown => tensor(columnFromValues([1, value]), type, "n");
      expect(convert).toThrow(expect.objectContaining({ code: "wrong-input", failure: "row", details: { row: 1, column: "c" } }));
    }
    expect(tensor(tensorColumn(BigInt64Array.of(5n), []), "float32", "n").data).toEqual(Float32Array.of(5));
  });

  test("no rows are a tensor of no rows", () => {
    expect(tensor(columnFromValues([], { kind: "list", element: "float32" }), "int64", "n", 3)).toEqual({ type: "int64", shape: [0, 3], data: new BigInt64Array(0) });
  });
});
