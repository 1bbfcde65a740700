import { ShoalError, type ActorContext, type OnnxSession, type OnnxTensor } from "@shoal/core";
import { unsupported } from "../decode/cache-ports.ts";

/** One output for the texts of a batch, padded on the right to `width` tokens. */
export interface EncoderOutput {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly width: number;
}

const known = new Set(["input_ids", "attention_mask", "token_type_ids", "position_ids"]);

/** Runs texts through an encoder. */
export type Encoder = (ids: readonly ArrayLike<number>[]) => Promise<EncoderOutput>;

/**
 * @param outputs the names to take the output by, the best first; the graph's first output where it has none of them.
 * @throws `unsupported-model` for a graph that wants more than tokens
 */
export function encoder(session: OnnxSession, outputs: readonly string[], padId: number, actor: ActorContext, who: string): Encoder {
  const strange = session.inputs.find((port) => !known.has(port.name));
  if (strange !== undefined) throw unsupported(who, `its graph has an input "${strange.name}" that a text encoder does not have`);
  const present = new Set(session.outputs.map((port) => port.name));
  const output = outputs.find((name) => present.has(name)) ?? session.outputs[0]?.name;
  if (output === undefined) throw unsupported(who, "its graph has no outputs");
  const inputs = session.inputs.map((port) => port.name);
  return async (ids) => {
    const width = ids.reduce((longest, own) => Math.max(longest, own.length), 0);
    actor.count("realTokens", ids.reduce((sum, own) => sum + own.length, 0));
    actor.count("paddedTokens", ids.length * width);
    const all = tokenFeeds(ids, width, padId);
    const results = await session.run(Object.fromEntries(inputs.map((name) => [name, all[name] as OnnxTensor])));
    const tensor = results[output] as OnnxTensor;
    checkNumbers(tensor.data as Float32Array, ids.length, who, output);
    return { data: tensor.data as Float32Array, shape: tensor.shape, width };
  };
}

function tokenFeeds(ids: readonly ArrayLike<number>[], width: number, padId: number): Record<string, OnnxTensor> {
  const tensor = (data: BigInt64Array): OnnxTensor => ({ type: "int64", shape: [ids.length, width], data });
  const tokens = new BigInt64Array(ids.length * width).fill(BigInt(padId));
  const mask = new BigInt64Array(ids.length * width);
  ids.forEach((own, row) => {
    for (let at = 0; at < own.length; at++) tokens[row * width + at] = BigInt(own[at] as number);
    mask.fill(1n, row * width, row * width + own.length);
  });
  const positions = BigInt64Array.from(tokens, (_, at) => BigInt(at % width));
  return { input_ids: tensor(tokens), attention_mask: tensor(mask), token_type_ids: tensor(new BigInt64Array(tokens.length)), position_ids: tensor(positions) };
}

/**
 * Results that are not numbers are errors (law 9).
 * @throws `not-a-number` (`row`), naming the rows of the batch
 */
export function checkNumbers(data: Float32Array, rows: number, who: string, what: string): void {
  const perRow = data.length / Math.max(1, rows);
  const bad = Array.from({ length: rows }, (_, row) => row).filter((row) => data.subarray(row * perRow, (row + 1) * perRow).some(Number.isNaN));
  if (bad.length === 0) return;
  throw new ShoalError("not-a-number", `${who}: the model's "${what}" is not a number for ${formatRows(bad)} of a batch of ${rows}.`, {
    failure: "row", hint: `Load the model with dtype "fp32", or on another device: float16 overflows in some models, and a lost GPU hands back garbage.`, details: { rows: bad },
  });
}

/** `row 3`, `rows 0, 1, 2 and 9 more`. */
export function formatRows(rows: readonly number[]): string {
  const shown = rows.slice(0, 5).join(", ");
  return `${rows.length === 1 ? "row" : "rows"} ${shown}${rows.length > 5 ? ` and ${rows.length - 5} more` : ""}`;
}
