import { nearestName, preview, ShoalError } from "@shoal/core";
import { defaultPredictorOptions, type PredictorOptions } from "@shoal/planner";
import { wholeNumber } from "./whole-number.ts";

const policies = ["fail", "skip", "null", "deadLetter"];
const formats = ["columns", "rows", "arrow"];
const devices = ["auto", "webgpu", "cuda", "wasm", "cpu"];
const predictorOptions = new Set([...Object.keys(defaultPredictorOptions), "onError", "timeoutMs", "recycleAfterBatches"]);

/** @throws `bad-option` for a name that no predictor option has, and for values that can't be. */
export function checkPredictorOptions(options: PredictorOptions): void {
  for (const name of Object.keys(options)) {
    if (predictorOptions.has(name)) continue;
    const hint = name === "batchFormat" ? 'A predictor says its format where it is defined: definePredictor<…, "rows">()(import.meta, "name", { batchFormat: "rows", … }).' : optionsHint(name, [...predictorOptions, "args"]);
    throw new ShoalError("bad-option", `mapBatches() has no option "${name}" for predictors.`, { failure: "bug", hint });
  }
  checkBatchSize(options.batchSize);
  checkOnError(options.onError);
  oneOf("device", options.device, devices);
  if (options.maxBatchCost !== "auto") wholeNumber("maxBatchCost", options.maxBatchCost, 1);
  checkConcurrency(options.concurrency);
  wholeNumber("maxBatchRows", options.maxBatchRows, 1);
  wholeNumber("maxAttempts", options.maxAttempts, 1);
  if (options.recycleAfterBatches !== undefined) wholeNumber("recycleAfterBatches", options.recycleAfterBatches, 1);
  atLeastZero("numCpus", options.numCpus);
  atLeastZero("numGpus", options.numGpus);
  atLeastZero("memory", options.memory);
  if (options.timeoutMs !== undefined) atLeastZero("timeoutMs", options.timeoutMs);
}

/** @throws `bad-option` for a name that steps with functions don't have: also for those of actors, which would be ignored. */
export function checkFunctionOptions(method: string, settings: object, known: readonly string[]): void {
  const name = Object.keys(settings).find((each) => !known.includes(each));
  if (name === undefined) return;
  const ofActors = predictorOptions.has(name) || name === "args";
  throw new ShoalError("bad-option", `${method}() has no option "${name}" for functions${ofActors ? ", which run on this thread and in no actor" : ""}.`, {
    failure: "bug",
    hint: ofActors ? 'Leave it out, or make the function a predictor: definePredictor<…>()(import.meta, "name", { predict }).' : optionsHint(name, known),
  });
}

function optionsHint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `The options are ${known.join(", ")}.` : `Write ${nearest}.`;
}

export function checkBatchSize(batchSize: number | "auto"): void {
  if (batchSize !== "auto") wholeNumber("batchSize", batchSize, 1);
}

export function checkOnError(onError: string | undefined): void {
  if (onError !== undefined) oneOf("onError", onError, policies);
}

export function checkBatchFormat(batchFormat: string): void {
  oneOf("batchFormat", batchFormat, formats);
}

function checkConcurrency(concurrency: PredictorOptions["concurrency"]): void {
  if (typeof concurrency === "number") return void wholeNumber("concurrency", concurrency, 1);
  if (!Array.isArray(concurrency) || concurrency.length !== 2) {
    throw new ShoalError("bad-option", `concurrency: ${preview(concurrency)} is neither a number of actors nor [min, max].`, { failure: "bug", hint: "Write concurrency: 2, or concurrency: [1, 4]." });
  }
  const [least, most] = concurrency as readonly [number, number];
  wholeNumber("concurrency[0]", least, 0);
  wholeNumber("concurrency[1]", most, Math.max(1, least));
}

function oneOf(name: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new ShoalError("bad-option", `${name}: ${preview(value)} is none of ${known.map((each) => `"${each}"`).join(", ")}.`, { failure: "bug", hint: "Choose one of these." });
}

function atLeastZero(name: string, value: number): void {
  if (typeof value === "number" && value >= 0) return;
  throw new ShoalError("bad-option", `${name}: ${preview(value)} is not a number of at least 0.`, { failure: "bug", hint: "Give a number, or leave the option out." });
}
