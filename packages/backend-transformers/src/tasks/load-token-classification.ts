import { columnFromValues, createBlock, requireColumn, type Block, type Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { groupEntities, type FoundToken } from "../encoder/group-entities.ts";
import { labelName, scoresOf } from "../encoder/label-scores.ts";
import { loadEncoder, type EncoderModel } from "../encoder/load-encoder.ts";
import type { EncoderOutput } from "../encoder/run-encoder.ts";
import type { TokenClassificationSettings } from "../token-classification.ts";
import { alignTokens } from "../tokenize/align-tokens.ts";

const textColumn = "shoal:text";
const foundColumn = "shoal:found";

/** A token's likeliest label, as it goes from `predict` to `postprocess`. */
interface Labelled {
  readonly index: number;
  readonly id: number;
  readonly label: number;
  readonly score: number;
}

export function loadTokenClassification(context: TaskContext): Promise<Predictor> {
  const settings = context.spec.options as TokenClassificationSettings;
  const { ignoreLabels = ["O"] } = settings;
  return loadEncoder(context, (model) => {
    const ignored = (label: number): boolean => ignoreLabels.includes(labelName(model.config, label));
    return {
      input: settings.input,
      outputs: ["logits"],
      carry: (texts) => ({ [textColumn]: columnFromValues(texts, { kind: "utf8" }) }),
      columns: (output, ids, batch) => ({
        [textColumn]: requireColumn(batch, textColumn),
        "shoal:ids": requireColumn(batch, "shoal:ids"),
        [foundColumn]: columnFromValues(ids.map((own, row) => labelTokens(output, row, own).filter(({ label }) => !ignored(label))), { kind: "json" }),
      }),
      postprocess: (block) => entitiesBlock(block, settings, model),
    };
  });
}

function labelTokens({ data, shape, width }: EncoderOutput, row: number, ids: ArrayLike<number>): Labelled[] {
  const size = shape.at(-1) as number;
  return Array.from(ids, (id, index) => {
    const logits = data.subarray((row * width + index) * size, (row * width + index + 1) * size);
    const label = logits.reduce((best, logit, at) => (logit > (logits[best] as number) ? at : best), 0);
    return { index, id, label, score: scoresOf(logits, true)[label] as number };
  });
}

function entitiesBlock(block: Block, settings: TokenClassificationSettings, { config, tokenizer }: EncoderModel): Block {
  const found = requireColumn(block, foundColumn).values as readonly (readonly Labelled[])[];
  const texts = requireColumn(block, textColumn).values as readonly string[];
  const ids = requireColumn(block, "shoal:ids").values as readonly ArrayLike<number>[];
  const entities = found.map((labelled, row) => {
    if (labelled.length === 0) return [];
    const spans = alignTokens(texts[row] as string, tokenizer.tokens(ids[row] as ArrayLike<number>), tokenizer.isSpecial);
    const tokens = labelled.flatMap(({ index, id, label, score }): FoundToken[] => {
      const word = tokenizer.decode([id]);
      // Special tokens have no text.
      return word === "" ? [] : [{ entity: labelName(config, label), score, index, word, id, start: spans[index]?.start ?? null, end: spans[index]?.end ?? null }];
    });
    if (settings.aggregation === "simple") return groupEntities(tokens, tokenizer);
    return tokens.map(({ entity, score, index, word, start, end }) => ({ entity, score, index, word, start, end }));
  });
  return createBlock({ [settings.output]: columnFromValues(entities, { kind: "json" }) }, block.lineage, block.rows);
}
