import type * as common from "onnxruntime-common";
import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { OnnxPort, OnnxTensor, TypedArray } from "@shoal/core";
import { float16ToFloat32, float32ToFloat16 } from "./float16.ts";

/** What every build of ONNX Runtime for JavaScript offers, be it onnxruntime-node or one of onnxruntime-web. */
export type Ort = Pick<typeof common, "InferenceSession" | "Tensor" | "env">;

/** A tensor for one input. float32 becomes float16 where the model wants that. */
export function toOrtTensor(ort: Ort, tensor: OnnxTensor, wanted: OnnxPort["type"] | undefined): Tensor {
  const { type, data, shape } = tensor;
  if (type === "utf8") return new ort.Tensor("string", data as string[], shape);
  if (wanted === "float16" && type === "float32") return new ort.Tensor("float16", float32ToFloat16(data as Float32Array), shape);
  return new ort.Tensor(type, data as never, shape) as Tensor;
}

/** A tensor in memory as plain data. float16 becomes float32. */
export function fromOrtTensor(tensor: Tensor): OnnxTensor {
  const { type, dims: shape, data } = tensor;
  if (type === "string") return { type: "utf8", shape, data: data as readonly string[] };
  if (type === "float16") return { type: "float32", shape, data: float16ToFloat32(halfBits(data)) };
  return { type: type as OnnxTensor["type"], shape, data: data as TypedArray };
}

/** Newer runtimes give a Float16Array, older ones the bits. */
function halfBits(data: Tensor.DataType): Uint16Array {
  const view = data as Uint16Array;
  return new Uint16Array(view.buffer, view.byteOffset, view.length);
}

/** [rows, positions, n] → [rows, n]: the last position of each row. */
export function lastPosition(ort: Ort, tensor: Tensor, name: string): Tensor {
  const { rows, positions, size } = positionsOf(tensor, name);
  const data = tensor.data as TypedArray;
  const last = sameKind(data, rows * size);
  for (let row = 0; row < rows; row++) {
    const start = ((row + 1) * positions - 1) * size;
    last.set(data.subarray(start, start + size) as never, row * size);
  }
  return new ort.Tensor(tensor.type as "float32", last as never, [rows, size]);
}

/** The axes of a tensor that has positions. */
export function positionsOf(tensor: Tensor, name: string): { readonly rows: number; readonly positions: number; readonly size: number } {
  const [rows, positions, size] = tensor.dims;
  if (tensor.dims.length !== 3 || rows === undefined || positions === undefined || size === undefined) {
    throw new Error(`lastPosition needs an output of shape [rows, positions, n]; "${name}" is [${tensor.dims.join(", ")}]`);
  }
  return { rows, positions, size };
}

/** The given rows of the first axis of a tensor in memory, in that order. */
export function gatherRows(ort: Ort, tensor: Tensor, rows: readonly number[]): Tensor {
  const shape = tensor.dims.slice(1);
  const dims = [rows.length, ...shape];
  const perRow = shape.reduce((product, size) => product * size, 1);
  const { data } = tensor;
  if (Array.isArray(data)) return new ort.Tensor("string", rows.flatMap((row) => data.slice(row * perRow, (row + 1) * perRow) as string[]), dims);
  const source = data as TypedArray;
  const taken = sameKind(source, rows.length * perRow);
  rows.forEach((row, at) => taken.set(source.subarray(row * perRow, (row + 1) * perRow) as never, at * perRow));
  return new ort.Tensor(tensor.type as "float32", taken as never, dims);
}

function sameKind(data: TypedArray, length: number): TypedArray {
  return new (data.constructor as new (length: number) => TypedArray)(length);
}

/** Inputs or outputs as the library describes them. Those that are no tensors (sequences, maps) are left out. */
export function portsOf(metadata: readonly InferenceSession.ValueMetadata[]): OnnxPort[] {
  return metadata.flatMap((value) => {
    if (!value.isTensor) return [];
    const type = value.type === "string" ? "utf8" : value.type;
    return [{ name: value.name, type: type as OnnxPort["type"], shape: value.shape.map((size) => (size === "" ? -1 : size)) }];
  });
}
