import { isPredictorStep, preview, ShoalError, type BatchFormat, type Json, type PredictorStep } from "@shoal/core";
import { defaultPredictorOptions, type BatchFunction, type FunctionStep, type LogicalOperator, type OnError, type Predict, type PredictorOptions, type Repartition } from "@shoal/planner";
import type { FunctionSettings, PredictorSettings } from "./row-types.ts";
import { wholeNumber } from "./whole-number.ts";

/** A closure of the user's as a plan keeps it. @throws `not-a-function`. */
export function functionStep<F>(method: string, run: unknown, settings: FunctionSettings): { step: FunctionStep<F>; onError?: OnError } {
  if (typeof run !== "function") throw new ShoalError("not-a-function", `${method}() takes a function; it was given ${preview(run)}.`);
  const { version, onError } = settings;
  return {
    step: { run: run as F, name: run.name, ...(version === undefined ? {} : { version }) },
    ...(onError === undefined ? {} : { onError }),
  };
}

/** What `mapBatches` was given: a predictor, or a function over batches. */
export function batchesStep(input: LogicalOperator, step: unknown, settings: object): LogicalOperator {
  if (isPredictorStep(step)) return predictStep(input, step, settings as PredictorSettings & { args?: Json });
  if (typeof step === "function" && /^class\b/.test(Function.prototype.toString.call(step))) throw classWithoutModule(step.name);
  const { batchSize = "auto", batchFormat = "columns" } = settings as { batchSize?: number | "auto"; batchFormat?: BatchFormat };
  checkBatchSize(batchSize);
  return { kind: "map-batches", input, batchSize, batchFormat, ...functionStep<BatchFunction>("mapBatches", step, settings as FunctionSettings) };
}

function predictStep(input: LogicalOperator, { spec }: PredictorStep<unknown, unknown, unknown>, settings: PredictorSettings & { args?: Json }): Predict {
  const { args = null, ...given } = settings;
  const options: PredictorOptions = { ...defaultPredictorOptions, ...given };
  checkOptions(options);
  return { kind: "predict", input, spec: spec.kind === "module" ? { ...spec, args } : spec, options };
}

/** A class can't be sent to an actor either: an actor imports the module that defines it. */
function classWithoutModule(name: string): ShoalError {
  return new ShoalError("predictor-not-importable", `mapBatches() was given the class ${name} itself; actors run elsewhere and find a predictor by importing its module.`, {
    failure: "bug",
    hint: `Write: export const ${name[0]?.toLowerCase() ?? ""}${name.slice(1)} = definePredictor()(import.meta, "${name[0]?.toLowerCase() ?? ""}${name.slice(1)}", ${name}); and pass that.`,
  });
}

function checkOptions({ concurrency, batchSize, maxBatchCost, numCpus, numGpus, memory, maxAttempts, device }: PredictorOptions): void {
  checkBatchSize(batchSize);
  if (maxBatchCost !== "auto") wholeNumber("maxBatchCost", maxBatchCost, 1);
  if (typeof concurrency === "number") wholeNumber("concurrency", concurrency, 1);
  else {
    const [least, most] = concurrency;
    wholeNumber("concurrency[0]", least, 0);
    wholeNumber("concurrency[1]", most, Math.max(1, least));
  }
  wholeNumber("maxAttempts", maxAttempts, 1);
  for (const [name, value] of Object.entries({ numCpus, numGpus, memory })) {
    if (!(value >= 0)) throw new ShoalError("bad-argument", `${name}: ${value} is not a number of at least 0.`);
  }
  if (!["auto", "webgpu", "cuda", "wasm", "cpu"].includes(device)) {
    throw new ShoalError("bad-argument", `device: "${String(device)}" is none of "auto", "webgpu", "cuda", "wasm", "cpu".`);
  }
}

function checkBatchSize(batchSize: number | "auto"): void {
  if (batchSize !== "auto") wholeNumber("batchSize", batchSize, 1);
}

export function repartitionStep(input: LogicalOperator, blocks: number | { readonly rowsPerBlock: number }): Repartition {
  if (typeof blocks === "number") return { kind: "repartition", input, blocks: wholeNumber("repartition", blocks, 1) };
  return { kind: "repartition", input, rowsPerBlock: wholeNumber("rowsPerBlock", blocks.rowsPerBlock, 1) };
}
