import type { PredictorStep } from "@shoal/core";
import { expectTypeOf } from "expect-type";
import { onnx } from "./onnx.ts";

const names = { model: "m.onnx", inputs: { x: "pixels" }, outputs: { logits: "y" } } as const;

// What it adds is stated: rows of any kind may come, an interface too.
expectTypeOf(onnx<{ logits: Float32Array }>(names)).toEqualTypeOf<PredictorStep<object, { logits: Float32Array }, undefined, "adds">>();
// @ts-expect-error a stated column must be given a model output
onnx<{ logits: Float32Array; boxes: Float32Array }>(names);

// Nothing is stated: the rows must have its columns, what it adds is unknown.
expectTypeOf(onnx(names)).toExtend<PredictorStep<{ readonly pixels: unknown }, { readonly logits: unknown }, undefined, "adds">>();
