import { nearestName, ShoalError, type DeclarativePredictorSpec, type JsonObject, type PredictorStep } from "@shoal/core";

/** How the weights are stored: it chooses the file, `onnx/model_fp16.onnx` for `"fp16"`. */
export type Dtype = "fp32" | "fp16" | "q8" | "int8" | "uint8" | "q4" | "q4f16" | "bnb4";

/** What every task takes. */
export interface ModelOptions {
  /**
   * A hub id (`"org/name"`), a directory, a `file:` URL of a directory, or the http(s) URL that a model's files lie under. In a page there
   * are no directories, but paths on its server (`"/models/name/"`).
   */
  readonly model: string | URL;
  /** Branch, tag or commit of a hub model; `"main"` when not given. */
  readonly revision?: string;
  /**
   * `"fp32"` when not given. Dynamic int8 (`"q8"` of most models) gives scores that depend a little on a row's neighbours in the
   * batch: identical results after a retry or with another batch size are promised for fp32 and fp16 alone.
   * `"auto"`: of fp32, fp16 and q8, where the model has them, the fastest whose results agree with fp32's on the first rows.
   */
  readonly dtype?: Dtype | "auto";
  /** The graph's file, for models that don't call it `onnx/model.onnx`; the dtype's suffix is not added to it. */
  readonly modelFile?: string;
}

/** {@link ModelOptions} as they travel. */
export type ModelSettings = {
  readonly revision?: string;
  readonly dtype?: Dtype;
  readonly modelFile?: string;
};

export function modelSettings(options: ModelOptions): ModelSettings {
  return defined({ revision: options.revision, dtype: options.dtype === "auto" ? undefined : options.dtype, modelFile: options.modelFile });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the entries that are `undefined`: JSON has no such value. */
export function defined<T extends object>(values: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}

interface StepParts {
  readonly task: string;
  readonly from: ModelOptions;
  readonly options: JsonObject;
  readonly reads: readonly string[];
  readonly adds: readonly string[];
  readonly costUnit?: string;
  readonly postprocess: boolean;
}

/** What `dtype: "auto"` chooses from; the first says what is right. */
const measuredDtypes: readonly Dtype[] = ["fp32", "fp16", "q8"];

/** A declarative predictor of this backend. */
export function declarativeStep<In, Out>(parts: StepParts): PredictorStep<In, Out, undefined, "adds"> {
  const model = String(parts.from.model);
  const twice = parts.adds.find((name, at) => parts.adds.indexOf(name) !== at);
  if (twice !== undefined) throw wrongOption(parts.task, "output", twice, "a name of its own for each column it adds");
  const spec: DeclarativePredictorSpec = {
    kind: "declarative",
    name: `${parts.task}(${shortName(model)})`,
    backend: "transformers",
    task: parts.task,
    model,
    options: parts.options,
    ...(parts.from.dtype === "auto" ? { variants: measuredDtypes.map((each) => ({ dtype: each })) } : {}),
    reads: parts.reads,
    adds: parts.adds,
    ...(parts.costUnit === undefined ? {} : { costUnit: parts.costUnit }),
    phases: parts.postprocess ? ["preprocess", "predict", "postprocess"] : ["preprocess", "predict"],
  };
  return { spec, mode: "adds" };
}

/** `storyteller` of `file:///…/storyteller/`, `name` of `org/name`; what a list of files is called stands behind its `#`. */
export function shortName(model: string): string {
  if (/^data:/i.test(model)) return model.split("#")[1] ?? "a list of files";
  return model.split(/[?#]/)[0]?.split(/[/\\]/).findLast((part) => part !== "") ?? model;
}

const modelOptions = ["model", "revision", "dtype", "modelFile", "input", "output"];

/** @throws `bad-option` for an option that the task does not have, and where one is missing that it can't do without. */
export function checkNames(task: string, options: ModelOptions & { readonly input: string; readonly output: string }, own: readonly string[] = []): void {
  const known = [...modelOptions, ...own];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, known);
    throw new ShoalError("bad-option", `${task}() has no option "${unknown}".`, {
      failure: "bug", hint: nearest === undefined ? `The options are ${known.join(", ")}.` : `Write ${nearest}.`, details: { task, option: unknown },
    });
  }
  for (const [option, wanted] of [["model", "a hub id, a directory or a URL"], ["input", "the name of the column to read"], ["output", "the name of the column to add"]] as const) {
    const value: unknown = options[option];
    if ((typeof value === "string" && value !== "") || (option === "model" && value instanceof URL)) continue;
    throw new ShoalError("bad-option", `${task}() needs the option "${option}": ${wanted}${value === undefined ? "" : `; it is ${JSON.stringify(value)}`}.`, {
      failure: "bug", hint: `Write ${task}({ model: …, input: "…", output: "…" }).`, details: { task, option },
    });
  }
}

export function wrongOption(task: string, option: string, value: unknown, expected: string): ShoalError {
  return new ShoalError("bad-option", `${task}: "${option}" is ${JSON.stringify(value)}; it must be ${expected}.`, { failure: "bug", hint: "Correct the option, or leave it out for its default.", details: { task, option } });
}

/** @throws `bad-option` unless the value is absent or a whole number of at least `least`. */
export function checkWhole(task: string, option: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) throw wrongOption(task, option, value, `a whole number of at least ${least}`);
}

/** @throws `bad-option` unless the value is absent or a number within the bounds. */
export function checkNumber(task: string, option: string, value: number | undefined, least: number, most: number): void {
  if (value !== undefined && !(value >= least && value <= most)) throw wrongOption(task, option, value, `a number from ${least} to ${most}`);
}
