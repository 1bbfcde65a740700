import { expect, test } from "vitest";
import { onnx } from "./onnx.ts";

test("makes a spec that is JSON and names what it reads and adds", () => {
  const { spec, mode } = onnx<{ speech: Float32Array }>({
    model: new URL("file:///models/silero-vad/onnx/model.onnx"),
    inputs: { input: "samples", other: "samples" },
    outputs: { speech: "output" },
    constants: { sr: { type: "int64", data: [16_000], shape: [] } },
    sequence: { input: "input", window: 512, context: 64, state: { state: "stateN" } },
    intraOpThreads: 2,
  });
  expect(mode).toBe("adds");
  expect(spec).toMatchObject({ kind: "declarative", backend: "onnx", name: "onnx(silero-vad)", model: "file:///models/silero-vad/onnx/model.onnx", reads: ["samples"], adds: ["speech"] });
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});

test("is named after its file, or its folder where the file says nothing", () => {
  const named = (model: string): string => onnx({ model, inputs: { x: "x" }, outputs: { y: "y" } }).spec.name;
  expect(["yolo.onnx", "a/bert/model.onnx", "C:\\a\\bert\\onnx\\model_fp16.onnx", "model.onnx"].map(named)).toEqual(["onnx(yolo)", "onnx(bert)", "onnx(bert)", "onnx(model)"]);
});

test("refuses what can't be meant, before anything runs", () => {
  const base = { model: "m.onnx", inputs: { x: "x" }, outputs: { y: "y" } };
  expect(() => onnx({ ...base, inputs: {} })).toThrow(/no input is given/);
  expect(() => onnx({ ...base, outputs: {} })).toThrow(/no output is given/);
  expect(() => onnx({ ...base, constants: { x: { type: "int64", data: [1], shape: [] } } })).toThrow(/both a column and a constant/);
  expect(() => onnx({ ...base, constants: { k: { type: "int64", data: [1, 2], shape: [] } } })).toThrow(/2 values for shape \[\]/);
  expect(() => onnx({ ...base, sequence: { input: "z", window: 1, state: {} } })).toThrow(/"z" is not among the inputs/);
  expect(() => onnx({ ...base, sequence: { input: "x", window: 0, state: {} } })).toThrow(/sequence.window is 0/);
});
