import { isPredictorStep, preview, ShoalError, type BatchFormat, type Json, type PredictorStep } from "@shoal/core";
import { defaultPredictorOptions, type BatchFunction, type FunctionStep, type LogicalOperator, type OnError, type Predict, type PredictorOptions, type Repartition } from "@shoal/planner";
import { checkJson } from "./check-json.ts";
import { checkBatchFormat, checkBatchSize, checkFunctionOptions, checkOnError, checkPredictorOptions } from "./check-options.ts";
import type { FunctionSettings, PredictorSettings } from "./row-types.ts";
import { wholeNumber } from "./whole-number.ts";

const functionOptions = ["onError", "version"];

/** A closure of the user's as a plan keeps it. @throws `not-a-function`, `bad-option`. */
export function functionStep<F>(method: string, run: unknown, settings: FunctionSettings, known: readonly string[] = functionOptions): { step: FunctionStep<F>; onError?: OnError } {
  if (typeof run !== "function") throw new ShoalError("not-a-function", `${method}() takes a function; it was given ${preview(run)}.`, { failure: "bug", hint: "Pass a function, or a predictor to mapBatches()." });
  checkFunctionOptions(method, settings, known);
  const { version, onError } = settings;
  checkOnError(onError);
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
  checkBatchFormat(batchFormat);
  return { kind: "map-batches", input, batchSize, batchFormat, ...functionStep<BatchFunction>("mapBatches", step, settings as FunctionSettings, ["batchSize", "batchFormat", ...functionOptions]) };
}

function predictStep(input: LogicalOperator, { spec }: PredictorStep<unknown, unknown, unknown>, settings: PredictorSettings & { args?: Json }): Predict {
  const { args = null, ...given } = settings;
  const options: PredictorOptions = { ...defaultPredictorOptions, ...given };
  checkJson("args", args);
  checkPredictorOptions(options);
  return { kind: "predict", input, spec: spec.kind === "module" ? { ...spec, args } : spec, options };
}

/** A class can't be sent to an actor either: an actor imports the module that defines it. */
function classWithoutModule(name: string): ShoalError {
  return new ShoalError("predictor-not-importable", `mapBatches() was given the class ${name} itself; actors run elsewhere and find a predictor by importing its module.`, {
    failure: "bug",
    hint: `Write: export const ${name[0]?.toLowerCase() ?? ""}${name.slice(1)} = definePredictor<…>()(import.meta, "${name[0]?.toLowerCase() ?? ""}${name.slice(1)}", ${name}); and pass that.`,
  });
}

export function repartitionStep(input: LogicalOperator, blocks: number | { readonly rowsPerBlock: number }): Repartition {
  if (typeof blocks === "number") return { kind: "repartition", input, blocks: wholeNumber("repartition", blocks, 1) };
  return { kind: "repartition", input, rowsPerBlock: wholeNumber("rowsPerBlock", blocks.rowsPerBlock, 1) };
}
