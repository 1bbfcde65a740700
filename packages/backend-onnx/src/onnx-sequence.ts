import {
  allocate, isTypedArray, ShoalError, type OnnxPort, type OnnxSession, type OnnxTensor, type ResidentTensor, type TypedArray,
} from "@shoal/core";
import { convertNumbers, type Target } from "./column-tensors.ts";
import type { OnnxSequence } from "./onnx.ts";
import { joined } from "./tensor-columns.ts";

/**
 * Takes one row, a list of numbers, window by window through a model that remembers; the state stays where the session runs.
 * @returns per model output what all windows gave, one after another.
 */
export async function runSequence(
  session: OnnxSession,
  sequence: OnnxSequence,
  row: ArrayLike<number>,
  others: Readonly<Record<string, OnnxTensor>>,
  outputs: readonly string[],
  target: Target,
  signal: AbortSignal,
): Promise<Record<string, TypedArray | readonly string[]>> {
  const { window, context = 0, input } = sequence;
  const type = target.port.type === "float16" ? "float32" : (target.port.type as Exclude<OnnxPort["type"], "float16" | "utf8">);
  const windows = Math.ceil(row.length / window);
  const samples = allocate(type, context + windows * window);
  const numbers = isTypedArray(row) ? row : Float64Array.from(row);
  samples.set(convertNumbers(numbers, type, target, numbers.length) as never, context);

  const given: Record<string, (TypedArray | readonly string[])[]> = Object.fromEntries(outputs.map((name) => [name, []]));
  const keep = Object.values(sequence.state).filter((name) => !outputs.includes(name));
  let state: Record<string, OnnxTensor | ResidentTensor> = {};
  try {
    for (let at = 0; at < windows * window; at += window) {
      signal.throwIfAborted();
      const part: OnnxTensor = { type, shape: partShape(target.port, context + window), data: samples.subarray(at, at + context + window) };
      const results = await session.run({ ...others, ...state, [input]: part }, { keep });
      await freeAll(session, state);
      state = Object.fromEntries(Object.entries(sequence.state).map(([name, output]) => [name, results[output] as OnnxTensor | ResidentTensor]));
      for (const name of outputs) given[name]?.push((results[name] as OnnxTensor).data);
    }
  } finally {
    await freeAll(session, state);
  }
  return Object.fromEntries(Object.entries(given).map(([name, parts]) => [name, joined(parts)]));
}

function partShape(port: OnnxPort, length: number): readonly number[] {
  return port.shape.length <= 1 ? [length] : [...port.shape.slice(1).map(() => 1), length];
}

async function freeAll(session: OnnxSession, state: Readonly<Record<string, OnnxTensor | ResidentTensor>>): Promise<void> {
  const residents = Object.values(state).filter((tensor): tensor is ResidentTensor => "resident" in tensor);
  if (residents.length > 0) await session.free(residents);
}

/** What a state is before the first window. */
export function zeroState(port: OnnxPort, model: string): OnnxTensor {
  if (port.type === "utf8") throw new ShoalError("bad-option", `${model}: the state "${port.name}" holds strings.`, { hint: "Give its start in constants.", failure: "bug" });
  const shape = port.shape.map((size) => (typeof size === "number" && size >= 0 ? size : 1));
  const type = port.type === "float16" ? "float32" : port.type;
  return { type, shape, data: allocate(type, shape.reduce((product, size) => product * size, 1)) };
}
