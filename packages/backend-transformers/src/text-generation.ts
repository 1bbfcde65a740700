import type { PredictorStep } from "@shoal/core";
import { checkNames, checkNumber, checkWhole, declarativeStep, defined, modelSettings, wrongOption, type ModelOptions, type ModelSettings } from "./declarative-step.ts";

/** One turn of a conversation, for models that have a chat template. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** Columns, lengths (in tokens), sampling and model of {@link textGeneration}. */
export interface TextGenerationOptions<Input extends string, Output extends string, Sequences extends number> extends ModelOptions {
  /** The column that holds the prompt: a string, or a conversation as `{ role, content }[]`. */
  readonly input: Input;
  /** The column to add. */
  readonly output: Output;
  /** Tokens to generate at most; 256 when neither this nor `maxLength` is given. Generation also ends where the model's context does. */
  readonly maxNewTokens?: number;
  /** Tokens of prompt and completion together, at most. */
  readonly maxLength?: number;
  /** The end-of-text token is not chosen before so many tokens. */
  readonly minNewTokens?: number;
  /** Puts the prompt before the completion, as Hugging Face's pipelines do; false when not given: the column holds what the model added. */
  readonly returnFullText?: boolean;
  /** Ends a completion before the first of these strings, which is left out, even where it spans tokens. */
  readonly stop?: readonly string[];
  /** 0 takes the likeliest token (greedy): the default unless `topK` or `topP` is given, which sample at temperature 1. */
  readonly temperature?: number;
  /** Samples from the likeliest so many tokens. */
  readonly topK?: number;
  /** Samples from the likeliest tokens that together have this probability. */
  readonly topP?: number;
  /** Above 1 makes tokens that prompt or completion hold already less likely. */
  readonly repetitionPenalty?: number;
  /**
   * 0 when not given. A row's random numbers are drawn from seed, prompt and sequence number alone: a retry, another batch size or
   * another machine gives the same text, and so do two rows with the same prompt unless `seedColumn` tells them apart.
   */
  readonly seed?: number;
  /** A column whose value joins the seed, so that rows with equal prompts get unlike texts. */
  readonly seedColumn?: string;
  /** So many completions of each prompt, as a `string[]`; needs sampling. */
  readonly numReturnSequences?: Sequences;
  /** Cuts the start of a prompt that is longer than the model's context; otherwise such a row is an error. */
  readonly truncate?: boolean;
}

/** {@link TextGenerationOptions} as they travel. */
export type TextGenerationSettings = ModelSettings & {
  readonly input: string;
  readonly output: string;
  readonly maxNewTokens?: number;
  readonly maxLength?: number;
  readonly minNewTokens?: number;
  readonly returnFullText?: boolean;
  readonly stop?: readonly string[];
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly seed?: number;
  readonly seedColumn?: string;
  readonly numReturnSequences?: number;
  readonly truncate?: boolean;
};

/** One sequence is a string, several are an array. */
export type GeneratedText<Sequences extends number> = Sequences extends 1 ? string : 1 extends Sequences ? string | string[] : string[];

/**
 * Continues each prompt with a causal language model. Greedy text of a batch is the text of each row alone, token for token, in fp32.
 *
 * ```ts
 * ds.mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 20 }))
 * ```
 * @throws `bad-option`
 */
export function textGeneration<const Input extends string, const Output extends string, const Sequences extends number = 1>(
  options: TextGenerationOptions<Input, Output, Sequences>,
): PredictorStep<{ [K in Input]: string | readonly ChatMessage[] }, { [K in Output]: GeneratedText<Sequences> }, undefined, "adds"> {
  const { input, output, seedColumn, stop } = options;
  checkOptions(options);
  const settings: TextGenerationSettings = {
    input, output, ...modelSettings(options),
    ...defined({
      maxNewTokens: options.maxNewTokens, maxLength: options.maxLength, minNewTokens: options.minNewTokens, returnFullText: options.returnFullText,
      temperature: options.temperature, topK: options.topK, topP: options.topP, repetitionPenalty: options.repetitionPenalty,
      seed: options.seed, seedColumn, numReturnSequences: options.numReturnSequences, truncate: options.truncate, stop,
    }),
  };
  return declarativeStep({
    task: "text-generation", from: options, options: settings,
    reads: seedColumn === undefined || seedColumn === input ? [input] : [input, seedColumn],
    adds: [output], costUnit: "tokens", postprocess: true,
  });
}

const ownOptions = [
  "maxNewTokens", "maxLength", "minNewTokens", "returnFullText", "stop", "temperature", "topK", "topP", "repetitionPenalty", "seed", "seedColumn",
  "numReturnSequences", "truncate",
];

function checkOptions(options: TextGenerationOptions<string, string, number>): void {
  const task = "textGeneration";
  checkNames(task, options, ownOptions);
  checkWhole(task, "maxNewTokens", options.maxNewTokens, 1);
  checkWhole(task, "maxLength", options.maxLength, 1);
  checkWhole(task, "minNewTokens", options.minNewTokens, 0);
  checkWhole(task, "topK", options.topK, 1);
  checkWhole(task, "numReturnSequences", options.numReturnSequences, 1);
  checkWhole(task, "seed", options.seed, 0);
  checkNumber(task, "temperature", options.temperature, 0, 100);
  checkNumber(task, "topP", options.topP, Number.MIN_VALUE, 1);
  checkNumber(task, "repetitionPenalty", options.repetitionPenalty, Number.MIN_VALUE, 100);
  if (options.stop?.includes("") === true) throw wrongOption(task, "stop", options.stop, "strings that are not empty");
  const samples = options.temperature === undefined ? options.topK !== undefined || options.topP !== undefined : options.temperature > 0;
  if (!samples && options.numReturnSequences !== undefined && options.numReturnSequences > 1) {
    throw wrongOption(task, "numReturnSequences", options.numReturnSequences, "1 without sampling, which would give the same text each time; set temperature, topK or topP");
  }
}
