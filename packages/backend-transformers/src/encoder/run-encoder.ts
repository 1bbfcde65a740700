import type { ActorContext, OnnxSession, OnnxTensor, PooledOutputs } from "@shoal/core";
import { unsupported } from "../decode/cache-ports.ts";
import { checkOutput } from "../model/check-output.ts";

/** One output for the texts of a batch, padded on the right to `width` tokens where it has an axis of them. */
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
 * @param pooling makes one vector of those of a text's tokens, where the graph has not done so.
 * @throws `unsupported-model` for a graph that wants more than tokens; each run what {@link checkOutput} throws
 */
export function encoder(session: OnnxSession, outputs: readonly string[], padId: number, actor: ActorContext, who: string, pooling?: PooledOutputs["by"]): Encoder {
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
    const pooled = pooling && { outputs: [output], lengths: ids.map((own) => own.length), by: pooling };
    const results = await session.run(tokenFeeds(inputs, ids, width, padId), { movesFeeds: true, ...(pooled && { pooled }) });
    const tensor = results[output] as OnnxTensor;
    checkOutput(tensor.data as Float32Array, ids.length, session, who, output, (row) => ids[row]?.length === 0);
    return { data: tensor.data as Float32Array, shape: tensor.shape, width };
  };
}

/** What the graph's inputs are fed; each is made anew, for it moves to where the session runs. */
function tokenFeeds(inputs: readonly string[], ids: readonly ArrayLike<number>[], width: number, padId: number): Record<string, OnnxTensor> {
  return Object.fromEntries(inputs.map((name) => [name, { type: "int64", shape: [ids.length, width], data: tokenNumbers(name, ids, width, padId) }]));
}

function tokenNumbers(name: string, ids: readonly ArrayLike<number>[], width: number, padId: number): BigInt64Array {
  const numbers = new BigInt64Array(ids.length * width);
  switch (name) {
    case "input_ids":
      numbers.fill(BigInt(padId));
      fillRows(numbers, ids, width);
      return numbers;
    case "attention_mask":
      ids.forEach((own, row) => numbers.fill(1n, row * width, row * width + own.length));
      return numbers;
    case "position_ids":
      return numbers.map((_, at) => BigInt(at % width));
    default:
      return numbers;
  }
}

/** Writes the lower halves of the numbers: making a bigint of each id takes several times as long. */
function fillRows(numbers: BigInt64Array, ids: readonly ArrayLike<number>[], width: number): void {
  const halves = new Int32Array(numbers.buffer);
  ids.forEach((own, row) => {
    for (let at = 0, to = 2 * row * width; at < own.length; at++, to += 2) {
      halves[to] = own[at] as number;
      halves[to + 1] = 0;
    }
  });
}
