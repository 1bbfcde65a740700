import { onnx } from "@shoal/backend-onnx";
import { blockFromRows, blockRows, columnFromValues, createBlock, tensorColumn, type Row } from "@shoal/core";
import { aboveModel, pairsModel, scaleModel, tokensModel, windowModel } from "@shoal/testing/onnx-models";
import { describe, expect, test } from "vitest";
import { loadOnnxStep } from "./load-onnx-step.ts";

const model = "given-as-bytes.onnx";

function rowsOf(block: Parameters<typeof blockRows>[0]): Row[] {
  return [...blockRows(block)];
}

describe("steps of onnx()", () => {
  test("constants, scalars among them, join the columns", async () => {
    const step = onnx<{ y: Float32Array }>({ model, inputs: { x: "x" }, outputs: { y: "y" }, constants: { by: { type: "int64", data: [3], shape: [] } } });
    await using loaded = await loadOnnxStep(step, scaleModel);
    const block = { ...createBlock({ x: tensorColumn(Float32Array.of(1, 2, 3, 4), [2]) }), lineage: [{ partition: "p", version: "1", firstRow: 5, rows: 2 }] };
    const result = await loaded.predict(block);
    expect(rowsOf(result)).toEqual([{ y: Float32Array.of(3, 6) }, { y: Float32Array.of(9, 12) }]);
    expect(result.lineage).toEqual(block.lineage);
  });

  test("an output that counts no rows is a wrong result", async () => {
    const step = onnx({ model, inputs: { x: "x" }, outputs: { sum: "sum" }, constants: { by: { type: "int64", data: [3], shape: [] } } });
    await using loaded = await loadOnnxStep(step, scaleModel);
    const block = createBlock({ x: tensorColumn(Float32Array.of(1, 2, 3, 4), [2]) });
    await expect(loaded.predict(block)).rejects.toMatchObject({ code: "wrong-result", message: expect.stringContaining('output "sum" has shape [] for 2 rows') as string });
  });

  test("lists, halves, strings and bools take and give their columns", async () => {
    const step = onnx<{ twice: Float32Array; same: Float32Array; echo: string[]; positive: Uint8Array }>({
      model,
      inputs: { ids: "ids", half: "pair", text: "text" },
      outputs: { twice: "twice", same: "same", echo: "echo", positive: "positive" },
    });
    await using loaded = await loadOnnxStep(step, tokensModel);
    const rows = [{ ids: [1, 2, -3], pair: [0.5, 1], text: "a" }, { ids: [4, 5, 6], pair: [2, 3], text: "b" }];
    const result = await loaded.predict(blockFromRows(rows));
    expect(rowsOf(result)).toEqual([
      { twice: Float32Array.of(1, 2), same: Float32Array.of(1, 2, -3), echo: ["a"], positive: Uint8Array.of(1, 1, 0) },
      { twice: Float32Array.of(4, 6), same: Float32Array.of(4, 5, 6), echo: ["b"], positive: Uint8Array.of(1, 1, 1) },
    ]);
    const unlike = blockFromRows([rows[0] as Row, { ...rows[1], ids: [7] }]);
    await expect(loaded.predict(unlike)).rejects.toThrow(/column "ids" does not fit input "ids" \(int64\[rows, length\]\): row 0 has 3 values and row 1 1/);
  });

  test("a fixed number of rows is filled up with the last, which is not given twice", async () => {
    await using loaded = await loadOnnxStep(onnx<{ y: Float32Array }>({ model, inputs: { x: "x" }, outputs: { y: "y" } }), pairsModel);
    const result = await loaded.predict(createBlock({ x: tensorColumn(Int16Array.of(1, 2, 3, 4, 5, 6), [2]) }));
    expect(rowsOf(result)).toEqual([{ y: Float32Array.of(2, 4) }, { y: Float32Array.of(6, 8) }, { y: Float32Array.of(10, 12) }]);
  });

  test("a model of one row may give what it found, with no axis for rows", async () => {
    await using loaded = await loadOnnxStep(onnx<{ found: Float32Array }>({ model, inputs: { x: "x" }, outputs: { found: "values" } }), aboveModel);
    const result = await loaded.predict(createBlock({ x: columnFromValues([[1, -1, 2], [-1, -2, -3], [0, 0, 7]]) }));
    expect(result.columns["found"]?.type).toEqual({ kind: "list", element: "float32" });
    expect(rowsOf(result)).toEqual([{ found: Float32Array.of(1, 2) }, { found: Float32Array.of() }, { found: Float32Array.of(7) }]);
  });

  test("a sequence carries its state over windows, from its constant on, and starts anew with each row", async () => {
    const sequence = { input: "x", window: 2, context: 1, state: { state: "next" } };
    const definition = { model, inputs: { x: "samples" }, outputs: { sums: "out" }, sequence };
    const block = createBlock({ samples: columnFromValues([[1, 2, 3], [10], []]) });
    // Each window sums (state + x) over context and window, so that the state counts three times.
    await using loaded = await loadOnnxStep(onnx<{ sums: Float32Array }>(definition), windowModel);
    expect(rowsOf(await loaded.predict(block))).toEqual([{ sums: Float32Array.of(3, 3 * 3 + 2 + 3 + 0) }, { sums: Float32Array.of(10) }, { sums: [] }]);
    await using begun = await loadOnnxStep(onnx({ ...definition, constants: { state: { type: "float32", data: [1], shape: [1, 1] } } }), windowModel);
    expect(rowsOf(await begun.predict(block))[1]).toEqual({ sums: Float32Array.of(13) });
  });

  test("names that are not the model's are refused when it is loaded, with those that are", async () => {
    const load = (inputs: Record<string, string>, outputs: Record<string, string>): Promise<unknown> => loadOnnxStep(onnx({ model, inputs, outputs, name: "scale" }), scaleModel);
    await expect(load({ z: "x" }, { y: "y" })).rejects.toThrow('scale: the model has no input "z"; its inputs are x: float32[n, 2], by: int64[].');
    await expect(load({ x: "x" }, { y: "z" })).rejects.toThrow('scale: the model has no output "z"; its outputs are y: float32[n, 2], sum: float32[].');
    await expect(load({ x: "x" }, { y: "y" })).rejects.toThrow("scale: the model also wants by: int64[].");
  });

  test("columns that are not there, or hold no value, are named", async () => {
    await using loaded = await loadOnnxStep(onnx({ model, inputs: { x: "x" }, outputs: { y: "y" } }), pairsModel);
    await expect(loaded.predict(createBlock({ y: tensorColumn(Float32Array.of(1, 2), [2]) }))).rejects.toMatchObject({ code: "missing-column" });
    await expect(loaded.predict(createBlock({ x: columnFromValues([[1, 2], null]) }))).rejects.toMatchObject({ code: "missing-value", failure: "row", details: { row: 1, column: "x" } });
  });

  test("a model that is not there says where it was looked for", async () => {
    await expect(loadOnnxStep(onnx({ model, inputs: { x: "x" }, outputs: { y: "y" } }))).rejects.toMatchObject({ code: "model-not-found", message: expect.stringContaining(model) as string });
  });
});
