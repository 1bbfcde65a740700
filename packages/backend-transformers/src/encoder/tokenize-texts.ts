import { columnFromValues, columnValue, letOthersRun, preview, requireColumn, ShoalError, type Block, type Column, type JsonObject } from "@shoal/core";
import { firstNumber } from "../decode/cache-ports.ts";
import type { TextTokenizer } from "../tokenize/text-tokenizer.ts";

/** Hidden column: the tokens of each text. */
export const idsColumn = "shoal:ids";

/** Texts as tokens with the template's special ones, cut to what the model takes. */
export interface TokenizedTexts {
  readonly ids: Column;
  readonly texts: readonly string[];
  readonly truncatedRows: number;
}

/** @throws `missing-value`, `wrong-type` (`row`), with the row of the block */
export async function tokenizeTexts(block: Block, input: string, tokenizer: TextTokenizer, mostTokens: number): Promise<TokenizedTexts> {
  const column = requireColumn(block, input);
  const texts = Array.from({ length: block.rows }, (_, row) => textOf(columnValue(column, row), row, input));
  let truncatedRows = 0;
  const ids: Int32Array[] = [];
  const pause = letOthersRun();
  for (const text of texts) {
    const own = tokenizer.encode(text, true);
    const fits = own.length <= mostTokens;
    if (!fits) truncatedRows++;
    ids.push(Int32Array.from(fits ? own : truncated(own, text, tokenizer, mostTokens)));
    const paused = pause();
    if (paused !== undefined) await paused;
  }
  return { texts, truncatedRows, ids: columnFromValues(ids, { kind: "list", element: "int32" }) };
}

function textOf(value: unknown, row: number, input: string): string {
  if (typeof value === "string") return value;
  const missing = value === null || value === undefined;
  throw new ShoalError(missing ? "missing-value" : "wrong-type", `Column "${input}" has ${missing ? "nothing" : preview(value)} where a text is wanted.`, {
    failure: "row", hint: missing ? "Filter such rows out, or handle them with onError." : "Make the column a string in a step before this one.", details: { rows: [row], column: input },
  });
}

/** The text's end goes, the special tokens after it stay. */
function truncated(ids: readonly number[], text: string, tokenizer: TextTokenizer, mostTokens: number): number[] {
  const plain = tokenizer.encode(text, false);
  const start = ids.findIndex((_, at) => plain.every((id, offset) => ids[at + offset] === id));
  const after = start < 0 ? [] : ids.slice(start + plain.length);
  return [...ids.slice(0, mostTokens - after.length), ...after];
}

/** Tokens a text may have, special ones included. */
export function mostTokensOf(config: JsonObject, tokenizer: TextTokenizer): number {
  const ofModel = firstNumber(config, ["max_position_embeddings", "n_positions"]) ?? Infinity;
  const ofTokenizer = firstNumber(tokenizer.config, ["model_max_length"]) ?? Infinity;
  return Math.min(ofModel, ofTokenizer);
}
