import { createBlock, requireColumn, type Block, type Column, type JsonObject, type OnnxPort, type PooledOutputs, type Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { openModel } from "../model/open-model.ts";
import { loadTextTokenizer, specialId, type TextTokenizer } from "../tokenize/text-tokenizer.ts";
import { encoder, type EncoderOutput } from "./run-encoder.ts";
import { idsColumn, mostTokensOf, tokenizeTexts } from "./tokenize-texts.ts";

/** What the tasks on text encoders do differently. */
export interface EncoderTask {
  readonly input: string;
  /** Names of the graph's output, the best first. */
  readonly outputs: readonly string[];
  /** One vector is made of those of a text's tokens so; all of them come when not given. */
  readonly pooling?: PooledOutputs["by"] | undefined;
  /** Columns that go along from the texts to `columns` and `postprocess`. */
  readonly carry?: (texts: readonly string[]) => Record<string, Column>;
  /** The columns that a batch's output becomes. */
  readonly columns: (output: EncoderOutput, ids: readonly ArrayLike<number>[], batch: Block) => Record<string, Column>;
  readonly postprocess?: (block: Block) => Block;
}

/** What a task's functions may need of the model. */
export interface EncoderModel {
  readonly config: JsonObject;
  readonly tokenizer: TextTokenizer;
  /** What its graph gives. */
  readonly outputs: readonly OnnxPort[];
}

/** A predictor that tokenises texts, runs them through an encoder and makes columns of its output. */
export async function loadEncoder(context: TaskContext, describe: (model: EncoderModel) => EncoderTask): Promise<Predictor> {
  const { spec, actor } = context;
  const { config, session, extra: tokenizer } = await openModel(context, loadTextTokenizer);
  const task = describe({ config, tokenizer, outputs: session.outputs });
  const padId = specialId(tokenizer, "pad_token") ?? (typeof config["pad_token_id"] === "number" ? config["pad_token_id"] : 0);
  const encode = encoder(session, task.outputs, padId, actor, spec.name, task.pooling);
  const mostTokens = mostTokensOf(config, tokenizer);
  const { postprocess } = task;
  return {
    rows: "same",
    stateful: false,
    overlaps: true,
    preprocess: async (block) => {
      const { ids, texts, truncatedRows } = await tokenizeTexts(block, task.input, tokenizer, mostTokens);
      if (truncatedRows > 0) actor.count("truncatedRows", truncatedRows);
      return createBlock({ [idsColumn]: ids, ...task.carry?.(texts) }, block.lineage, block.rows);
    },
    cost: (block) => Int32Array.from(requireColumn(block, idsColumn).values as readonly ArrayLike<number>[], (ids) => ids.length),
    predict: async (batch) => {
      const ids = requireColumn(batch, idsColumn).values as readonly ArrayLike<number>[];
      return createBlock(task.columns(await encode(ids), ids, batch), batch.lineage, batch.rows);
    },
    ...(postprocess === undefined ? {} : { postprocess: async (block) => postprocess(block) }),
    dispose: async () => session[Symbol.asyncDispose](),
  };
}
