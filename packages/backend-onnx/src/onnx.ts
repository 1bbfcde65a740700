import type { DeclarativePredictorSpec, JsonObject, NumberKind, PredictorStep } from "@shoal/core";
import { ShoalError } from "@shoal/core";

/** A value that is the same for every row, as silero's sample rate. `data` in row-major order. */
export interface OnnxConstant {
  readonly type: NumberKind | "bool" | "utf8";
  readonly data: readonly (number | string)[];
  readonly shape: readonly number[];
}

/** How a model that remembers goes through a row that is a whole recording. */
export interface OnnxSequence {
  /** The model's input that gets the windows; its column holds one list of numbers a row. */
  readonly input: string;
  /** Numbers in a window. The last one is filled up with zeros. */
  readonly window: number;
  /** Numbers of the window before that are put in front of each: the input gets context + window. Zeros at the start. Default 0. */
  readonly context?: number;
  /** Model input → the model output that feeds it in the next window. At first zeros, a free dimension being 1, or the constant of that name. */
  readonly state: Readonly<Record<string, string>>;
}

/** Model input → column. */
export type OnnxInputs = Readonly<Record<string, string>>;

/** The columns a row must have, where the types know them: not when what is added is stated and TypeScript infers nothing more. */
export type OnnxRow<Inputs extends OnnxInputs> = string extends Inputs[keyof Inputs] ? object : { readonly [Column in Inputs[keyof Inputs]]: unknown };

export interface OnnxDefinition<Adds extends object, Inputs extends OnnxInputs = OnnxInputs> {
  /** A path (relative to the working directory) or a `file:` or `http(s):` URL of an .onnx file. */
  readonly model: string | URL;
  /** Model input → column. */
  readonly inputs: Inputs;
  /** Column to add → model output. */
  readonly outputs: { readonly [Column in keyof Adds]: string };
  readonly constants?: Readonly<Record<string, OnnxConstant>>;
  readonly sequence?: OnnxSequence;
  /** Threads inside one operation; the actor's share of the cores when not given. */
  readonly intraOpThreads?: number;
  /** How messages and plans name it; `onnx(file)` when not given. */
  readonly name?: string;
}

/** The definition as it travels in a spec. */
export interface OnnxSpecOptions {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly constants?: Readonly<Record<string, OnnxConstant>>;
  readonly sequence?: OnnxSequence;
  readonly intraOpThreads?: number;
}

/**
 * Any ONNX model as a step: columns in, columns added. `onnx<{ logits: Float32Array }>({ … })` states what it adds; without that the
 * new columns are `unknown`. A number column becomes [n] (or [n, 1] …), a tensor column [n, …shape], lists of one length [n, length];
 * numbers are converted to the type the input wants when none is changed by it (rounding to float32 apart). Models whose first
 * dimension is fixed get their rows in such groups. An output of shape [n] is a number a row, a fixed shape a tensor, a free one a list.
 * @throws `bad-option`
 */
export function onnx<Adds extends object, const Inputs extends OnnxInputs = OnnxInputs>(
  definition: OnnxDefinition<Adds, Inputs>,
): PredictorStep<OnnxRow<Inputs>, Adds, undefined, "adds"> {
  const { constants, sequence, intraOpThreads } = definition;
  const inputs: OnnxInputs = definition.inputs;
  const outputs: Readonly<Record<string, string>> = definition.outputs;
  const model = String(definition.model);
  checkDefinition(inputs, outputs, constants ?? {}, sequence);
  const options: OnnxSpecOptions = {
    inputs, outputs,
    ...(constants === undefined ? {} : { constants }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(intraOpThreads === undefined ? {} : { intraOpThreads }),
  };
  const spec: DeclarativePredictorSpec = {
    kind: "declarative",
    name: definition.name ?? `onnx(${shortName(model)})`,
    backend: "onnx",
    task: "onnx",
    model,
    options: options as unknown as JsonObject,
    reads: [...new Set(Object.values(inputs))],
    adds: Object.keys(outputs),
    phases: ["predict"],
  };
  return { spec, mode: "adds" };
}

function checkDefinition(
  inputs: Readonly<Record<string, string>>,
  outputs: Readonly<Record<string, string>>,
  constants: Readonly<Record<string, OnnxConstant>>,
  sequence: OnnxSequence | undefined,
): void {
  const refuse = (what: string, hint: string): never => {
    throw new ShoalError("bad-option", `onnx(): ${what}.`, { hint, failure: "bug" });
  };
  if (Object.keys(inputs).length === 0) refuse("no input is given", 'Name the column of each model input, as in inputs: { pixel_values: "pixels" }.');
  if (Object.keys(outputs).length === 0) refuse("no output is given", 'Name the model output of each new column, as in outputs: { scores: "logits" }.');
  for (const name of Object.keys(constants)) {
    if (name in inputs) refuse(`input "${name}" has both a column and a constant`, "Keep one of them.");
  }
  for (const [name, { data, shape }] of Object.entries(constants)) {
    const expected = shape.reduce((product, size) => product * size, 1);
    if (data.length !== expected) refuse(`the constant "${name}" has ${data.length} values for shape [${shape.join(", ")}]`, `Give ${expected} values; shape [] is one value.`);
  }
  if (sequence === undefined) return;
  if (!(sequence.input in inputs)) refuse(`sequence.input "${sequence.input}" is not among the inputs`, "Name the model input whose column holds the lists.");
  if (!Number.isInteger(sequence.window) || sequence.window < 1) refuse(`sequence.window is ${sequence.window}`, "Give the numbers of one window, as 512.");
  const { context = 0 } = sequence;
  if (!Number.isInteger(context) || context < 0) refuse(`sequence.context is ${context}`, "Give how many numbers of the window before to put in front, or leave it out.");
}

/** `silero-vad` of `…/silero-vad/onnx/model.onnx`, `yolo` of `yolo.onnx`: most exporters call the file model.onnx. */
function shortName(model: string): string {
  const parts = model.split(/[/\\]/).filter((part) => part !== "");
  const file = parts.pop()?.replace(/\.onnx$/i, "") ?? model;
  if (!/^model(_\w+)?$/.test(file)) return file;
  const folder = parts.pop();
  return (folder === "onnx" ? parts.pop() : folder) ?? file;
}
