import {
  columnFromValues, columnValue, createBlock, requireColumn,
  type Block, type Column, type JsonObject, type Predictor,
} from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { firstNumber } from "../decode/cache-ports.ts";
import { causalDecoder } from "../decode/causal-decoder.ts";
import type { Sampling } from "../decode/choose-token.ts";
import { generate, type Generation } from "../decode/generate.ts";
import { containsStop, cutAtStop } from "../decode/stop-strings.ts";
import { optionalJson } from "../model/model-files.ts";
import { openModel } from "../model/open-model.ts";
import type { TextGenerationSettings } from "../text-generation.ts";
import { loadTextTokenizer, specialId, type TextTokenizer } from "../tokenize/text-tokenizer.ts";
import { promptReader, type PromptReader } from "./read-prompt.ts";

/** Tokens generated when the job says nothing: what Hugging Face's pipelines take. */
const usualNewTokens = 256;

/** Hidden columns between the phases. */
const idsColumn = "shoal:ids";
const promptColumn = "shoal:prompt";
const saltColumn = "shoal:salt";
const newIdsColumn = "shoal:newIds";

/** @throws what loading a model throws, and `unsupported-model` for graphs that are no causal language model */
export async function loadTextGeneration(context: TaskContext): Promise<Predictor> {
  const { spec, actor } = context;
  const settings = spec.options as TextGenerationSettings;
  const { config, session, extra, files: modelFiles } = await openModel(context, async (ofModel) => {
    const [tokenizer, generationConfig] = await Promise.all([loadTextTokenizer(ofModel), optionalJson(ofModel, "generation_config.json")]);
    return { tokenizer, generationConfig: generationConfig ?? {} };
  });
  const { tokenizer, generationConfig } = extra;
  const contextLength = contextOf(config, tokenizer);
  const readPrompt = promptReader({ tokenizer, files: modelFiles, settings, contextLength, beginId: beginOf(tokenizer, generationConfig, config) });
  const endIds = endsOf(tokenizer, generationConfig, config);
  const decoder = causalDecoder(session, config, spec.name);
  const stop = settings.stop ?? [];
  const generation: Generation = {
    who: spec.name, device: session.device,
    endIds, seed: settings.seed ?? 0,
    minNewTokens: settings.minNewTokens ?? 0,
    sequences: settings.numReturnSequences ?? 1,
    repetitionPenalty: settings.repetitionPenalty ?? 1,
    sampling: samplingOf(settings),
    ...(stop.length === 0 ? {} : { stopped: (newIds) => containsStop(tokenizer, newIds, stop) }),
    count: (real, padded) => {
      actor.count("realTokens", real);
      actor.count("paddedTokens", padded);
    },
  };
  return {
    rows: "same",
    stateful: false,
    preprocess: (block) => tokenizeBlock(block, settings, readPrompt),
    cost: (block) => lengths(requireColumn(block, idsColumn)),
    predict: async (batch, signal) => {
      const ids = requireColumn(batch, idsColumn).values as readonly ArrayLike<number>[];
      const salts = batch.columns[saltColumn]?.values as readonly ArrayLike<number>[] | undefined;
      const prompts = ids.map((own, row) => ({ row, ids: own, limit: limitOf(settings, own.length, contextLength), salt: Array.from(salts?.[row] ?? []) }));
      const sequences = await generate(decoder, prompts, generation, signal);
      actor.count("newTokens", sequences.flat().reduce((sum, newIds) => sum + newIds.length, 0));
      return createBlock({ ...batch.columns, [newIdsColumn]: columnFromValues(sequences, { kind: "json" }) }, batch.lineage, batch.rows);
    },
    postprocess: async (block) => textBlock(block, settings, tokenizer, stop),
    dispose: async () => session[Symbol.asyncDispose](),
  };
}

async function tokenizeBlock(block: Block, settings: TextGenerationSettings, readPrompt: PromptReader): Promise<Block> {
  const column = requireColumn(block, settings.input);
  const prompts = [];
  for (let row = 0; row < block.rows; row++) prompts.push(await readPrompt(columnValue(column, row), row));
  const columns: Record<string, Column> = {
    [idsColumn]: columnFromValues(prompts.map(({ ids }) => Int32Array.from(ids)), { kind: "list", element: "int32" }),
  };
  if (settings.returnFullText === true) columns[promptColumn] = columnFromValues(prompts.map(({ text }) => text), { kind: "utf8" });
  if (settings.seedColumn !== undefined) columns[saltColumn] = saltsOf(requireColumn(block, settings.seedColumn));
  return createBlock(columns, block.lineage, block.rows);
}

/** A value as the numbers that join the seed. */
function saltsOf(column: Column): Column {
  const salts = Array.from({ length: column.length }, (_, row) => {
    const value = columnValue(column, row);
    const text = typeof value === "string" ? value : typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "");
    return Int32Array.from(new TextEncoder().encode(text));
  });
  return columnFromValues(salts, { kind: "list", element: "int32" });
}

async function textBlock(block: Block, settings: TextGenerationSettings, tokenizer: TextTokenizer, stop: readonly string[]): Promise<Block> {
  const ids = requireColumn(block, idsColumn).values as readonly ArrayLike<number>[];
  const sequences = requireColumn(block, newIdsColumn).values as readonly (readonly number[][])[];
  const prompts = block.columns[promptColumn]?.values as readonly string[] | undefined;
  const several = (settings.numReturnSequences ?? 1) > 1;
  const texts = sequences.map((ofRow, row) => {
    const completions = ofRow.map((newIds) => (prompts?.[row] ?? "") + cutAtStop(completionText(tokenizer, Array.from(ids[row] ?? []), newIds), stop));
    return several ? completions : completions[0];
  });
  return createBlock({ [settings.output]: columnFromValues(texts, several ? { kind: "list", element: "utf8" } : { kind: "utf8" }) }, block.lineage, block.rows);
}

/** What the new tokens add to the prompt's text: alone they would lose the space before the first word. */
function completionText(tokenizer: TextTokenizer, promptIds: readonly number[], newIds: readonly number[]): string {
  if (newIds.length === 0) return "";
  const prompt = tokenizer.decode(promptIds);
  const whole = tokenizer.decode([...promptIds, ...newIds]);
  return whole.startsWith(prompt) ? whole.slice(prompt.length) : tokenizer.decode(newIds);
}

function lengths(column: Column): Int32Array {
  return Int32Array.from(column.values as readonly ArrayLike<number>[], (ids) => ids.length);
}

function limitOf(settings: TextGenerationSettings, promptLength: number, contextLength: number): number {
  const { maxNewTokens = settings.maxLength === undefined ? usualNewTokens : Infinity, maxLength = Infinity } = settings;
  return Math.min(maxNewTokens, maxLength - promptLength, contextLength - promptLength);
}

function samplingOf({ temperature, topK, topP }: TextGenerationSettings): Sampling | undefined {
  const chosen = temperature ?? (topK === undefined && topP === undefined ? 0 : 1);
  if (chosen === 0) return undefined;
  return { temperature: chosen, ...(topK === undefined ? {} : { topK }), ...(topP === undefined ? {} : { topP }) };
}

/** Tokens that prompt and completion may have together. */
export function contextOf(config: JsonObject, tokenizer: TextTokenizer): number {
  const said = firstNumber(config, ["max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"]);
  const ofTokenizer = firstNumber(tokenizer.config, ["model_max_length"]);
  // Tokenizers without a limit say 1e30.
  return said ?? (ofTokenizer !== undefined && ofTokenizer < 1e9 ? ofTokenizer : Infinity);
}

function endsOf(tokenizer: TextTokenizer, ...configs: readonly JsonObject[]): ReadonlySet<number> {
  const said = configs.map((config) => config["eos_token_id"]).find((ids) => ids !== undefined && ids !== null) ?? specialId(tokenizer, "eos_token");
  return new Set(said === undefined ? [] : [said].flat() as number[]);
}

function beginOf(tokenizer: TextTokenizer, ...configs: readonly JsonObject[]): number | undefined {
  return specialId(tokenizer, "bos_token") ?? configs.map((config) => config["bos_token_id"]).find((id) => typeof id === "number");
}
