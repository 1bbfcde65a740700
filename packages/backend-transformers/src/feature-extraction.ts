import type { PredictorStep } from "@shoal/core";
import { checkNames, declarativeStep, defined, modelSettings, type ModelOptions, type ModelSettings } from "./declarative-step.ts";

/** How the vectors of a text's tokens become one: their mean, that of the first token, that of the last; or all of them. */
export type Pooling = "mean" | "cls" | "last" | "none";

/** Columns, pooling and model of {@link featureExtraction}. */
export interface FeatureExtractionOptions<Input extends string, Output extends string> extends ModelOptions {
  /** The column that holds the texts. */
  readonly input: Input;
  /**
   * The column to add: one vector a row, as a Float32Array of the model's width; with pooling `"none"` the vectors of all tokens, one
   * after another (tokens × width numbers).
   */
  readonly output: Output;
  /** `"mean"` when not given; the model's card says what it was trained with. */
  readonly pooling?: Pooling;
  /** Scales each vector to length 1; false when not given. */
  readonly normalize?: boolean;
}

/** {@link FeatureExtractionOptions} as they travel. */
export type FeatureExtractionSettings = ModelSettings & {
  readonly input: string;
  readonly output: string;
  readonly pooling?: Pooling;
  readonly normalize?: boolean;
};

/**
 * Turns each text into a vector (an embedding). Texts longer than the model's context are cut, and counted as `truncatedRows`.
 *
 * ```ts
 * ds.mapBatches(featureExtraction({ model: "org/name", input: "text", output: "embedding", normalize: true }))
 * ```
 * @throws `bad-option`
 */
export function featureExtraction<const Input extends string, const Output extends string>(
  options: FeatureExtractionOptions<Input, Output>,
): PredictorStep<{ [K in Input]: string }, { [K in Output]: Float32Array }, undefined, "adds"> {
  checkNames("featureExtraction", options, ["pooling", "normalize"]);
  const { input, output, pooling, normalize } = options;
  const settings: FeatureExtractionSettings = { input, output, ...modelSettings(options), ...defined({ pooling, normalize }) };
  return declarativeStep({ task: "feature-extraction", from: options, options: settings, reads: [input], adds: [output], costUnit: "tokens", postprocess: false });
}
