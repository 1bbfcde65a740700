import type { PredictorStep } from "@shoal/core";
import { checkNames, declarativeStep, defined, modelSettings, type ModelOptions, type ModelSettings } from "./declarative-step.ts";

/** A token that has a label. */
export interface TokenEntity {
  /** As in `B-city`. */
  readonly entity: string;
  readonly score: number;
  /** Of the token, special tokens counted. */
  readonly index: number;
  /** The token's text. */
  readonly word: string;
  /** Where the token begins and ends in the text, as string indices; null where the tokenizer changed the text beyond recognition. */
  readonly start: number | null;
  readonly end: number | null;
}

/** Neighbouring tokens of one label. */
export interface EntityGroup {
  /** As in `city`. */
  readonly entity_group: string;
  /** The mean of the tokens' scores. */
  readonly score: number;
  readonly word: string;
  readonly start: number | null;
  readonly end: number | null;
}

/** `"none"`: each token by itself; `"simple"`: neighbours of one label together. */
export type Aggregation = "none" | "simple";

/** Columns, aggregation and model of {@link tokenClassification}. */
export interface TokenClassificationOptions<Input extends string, Output extends string, How extends Aggregation> extends ModelOptions {
  /** The column that holds the texts. */
  readonly input: Input;
  /** The column to add: what was found in the text, in its order. */
  readonly output: Output;
  /** `"none"` when not given. */
  readonly aggregation?: How;
  /** Labels that are left out; `["O"]` when not given. */
  readonly ignoreLabels?: readonly string[];
}

/** {@link TokenClassificationOptions} as they travel. */
export type TokenClassificationSettings = ModelSettings & {
  readonly input: string;
  readonly output: string;
  readonly aggregation?: Aggregation;
  readonly ignoreLabels?: readonly string[];
};

/**
 * Finds names, places and the like in each text. Texts longer than the model's context are cut, and counted as `truncatedRows`.
 *
 * ```ts
 * ds.mapBatches(tokenClassification({ model: "org/name", input: "text", output: "entities", aggregation: "simple" }))
 * ```
 * @throws `bad-option`
 */
export function tokenClassification<const Input extends string, const Output extends string, const How extends Aggregation = "none">(
  options: TokenClassificationOptions<Input, Output, How>,
): PredictorStep<{ [K in Input]: string }, { [K in Output]: (How extends "simple" ? EntityGroup : TokenEntity)[] }, undefined, "adds"> {
  checkNames("tokenClassification", options, ["aggregation", "ignoreLabels"]);
  const { input, output, aggregation, ignoreLabels } = options;
  const settings: TokenClassificationSettings = { input, output, ...modelSettings(options), ...defined({ aggregation, ignoreLabels }) };
  return declarativeStep({ task: "token-classification", from: options, options: settings, reads: [input], adds: [output], costUnit: "tokens", postprocess: true });
}
