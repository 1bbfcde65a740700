import type { PredictorStep } from "@shoal/core";
import { checkNames, checkWhole, declarativeStep, defined, modelSettings, type ModelOptions, type ModelSettings } from "./declarative-step.ts";

/** A label and how sure the model is of it, from 0 to 1. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** What classifiers of texts and of images have in common. */
export interface ClassificationOptions<Input extends string, Output extends string, Score extends string, Top extends number> extends ModelOptions {
  /** The column to classify. */
  readonly input: Input;
  /** The column to add: the likeliest label, or with `topK` the likeliest few as `{ label, score }[]`. */
  readonly output: Output;
  /** A column to add besides: the score of the likeliest label. */
  readonly scoreOutput?: Score;
  /** The so many likeliest labels, best first. */
  readonly topK?: Top;
}

/** The columns a classifier adds. */
export type Classified<Output extends string, Score extends string, Top extends number> =
  { [K in Output]: [Top] extends [never] ? string : LabelScore[] } & { [K in Score]: number };

/** {@link ClassificationOptions} as they travel. */
export type ClassificationSettings = ModelSettings & {
  readonly input: string;
  readonly output: string;
  readonly scoreOutput?: string;
  readonly topK?: number;
};

/**
 * Labels each text with a sequence classifier. Texts longer than the model's context are cut, and counted as `truncatedRows`.
 *
 * ```ts
 * ds.mapBatches(textClassification({ model: sentiment, input: "text", output: "label", scoreOutput: "score" }))
 * ```
 * @throws `bad-option`
 */
export function textClassification<const Input extends string, const Output extends string, const Score extends string = never, const Top extends number = never>(
  options: ClassificationOptions<Input, Output, Score, Top>,
): PredictorStep<{ [K in Input]: string }, Classified<Output, Score, Top>, undefined, "adds"> {
  return declarativeStep({ task: "text-classification", from: options, ...classification("textClassification", options), costUnit: "tokens", postprocess: true });
}

/** What a classifier's options say about its step. */
export function classification(task: string, options: ClassificationOptions<string, string, string, number>, own: readonly string[] = []): { options: ClassificationSettings; reads: string[]; adds: string[] } {
  const { input, output, scoreOutput, topK } = options;
  checkNames(task, options, ["scoreOutput", "topK", ...own]);
  checkWhole(task, "topK", topK, 1);
  return {
    options: { input, output, ...modelSettings(options), ...defined({ scoreOutput, topK }) },
    reads: [input],
    adds: scoreOutput === undefined ? [output] : [output, scoreOutput],
  };
}
