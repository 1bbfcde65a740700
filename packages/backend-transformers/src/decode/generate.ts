import { notANumber, zeroOutput } from "../model/check-output.ts";
import type { CausalDecoder, Decoding } from "./causal-decoder.ts";
import { likeliest, penalizeRepetition, sample, type Sampling } from "./choose-token.ts";
import { randomKey, uniform, type RandomKey } from "./random.ts";

/** One prompt as tokens. */
export interface Prompt {
  /** Its row in the batch, for messages. */
  readonly row: number;
  readonly ids: ArrayLike<number>;
  /** Tokens that may be generated. */
  readonly limit: number;
  /** Joins the seed, the prompt and the sequence number. */
  readonly salt: readonly number[];
}

export interface Generation {
  /** The predictor, for messages. */
  readonly who: string;
  readonly device: string;
  readonly endIds: ReadonlySet<number>;
  readonly minNewTokens: number;
  /** Completions of each prompt. */
  readonly sequences: number;
  readonly repetitionPenalty: number;
  /** Absent: greedy. */
  readonly sampling: Sampling | undefined;
  readonly seed: number;
  /** True when the tokens generated so far contain a stop string. */
  readonly stopped?: (newIds: readonly number[]) => boolean;
  /** Tokens of one run: the rows' own, and all positions that were computed. */
  readonly count: (real: number, padded: number) => void;
}

/** One completion while it grows. */
interface Sequence {
  readonly prompt: Prompt;
  readonly key: RandomKey;
  readonly newIds: number[];
  done: boolean;
}

/**
 * The new tokens of each prompt's completions, without the end token. Rows end on their own: one that has ended leaves the batch, so a
 * batch gives what its rows alone would give.
 * @throws `not-a-number`, `zero-output` where the model's logits are no logits; the signal's reason between two steps.
 */
export async function generate(decoder: CausalDecoder, prompts: readonly Prompt[], generation: Generation, signal: AbortSignal): Promise<number[][][]> {
  const sequences = prompts.map((prompt) => Array.from({ length: generation.sequences }, (_, number) => startSequence(prompt, number, generation.seed)));
  const open = sequences.filter(([first]) => first?.done === false);
  for (const group of decoder.padded ? [open] : equalLengths(open)) {
    if (group.length > 0) await generateGroup(decoder, group, generation, signal);
  }
  return sequences.map((ofPrompt) => ofPrompt.map((sequence) => sequence.newIds));
}

function startSequence(prompt: Prompt, number: number, seed: number): Sequence {
  return { prompt, key: randomKey([seed, number, ...prompt.salt, -1, ...Array.from(prompt.ids)]), newIds: [], done: prompt.limit <= 0 };
}

function equalLengths(sequences: readonly Sequence[][]): Sequence[][][] {
  const groups = new Map<number, Sequence[][]>();
  for (const ofPrompt of sequences) {
    const length = (ofPrompt[0] as Sequence).prompt.ids.length;
    groups.set(length, [...(groups.get(length) ?? []), ofPrompt]);
  }
  return [...groups.values()];
}

async function generateGroup(decoder: CausalDecoder, group: readonly Sequence[][], generation: Generation, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const prompts = group.map(([first]) => (first as Sequence).prompt.ids);
  const longest = prompts.reduce((most, ids) => Math.max(most, ids.length), 0);
  generation.count(prompts.reduce((sum, ids) => sum + ids.length, 0), prompts.length * longest);
  const decoding = await decoder.start(prompts);
  try {
    // Each prompt is computed once, however many completions it gets.
    if (generation.sequences > 1) await decoding.select(group.flatMap((ofPrompt, row) => ofPrompt.map(() => row)));
    await decodeLoop(decoding, group.flat(), generation, signal);
  } finally {
    await decoding.end();
  }
}

async function decodeLoop(decoding: Decoding, started: readonly Sequence[], generation: Generation, signal: AbortSignal): Promise<void> {
  let rows = started;
  for (;;) {
    signal.throwIfAborted();
    const tokens = rows.map((sequence, row) => extend(sequence, decoding.logits(row), generation));
    const living = rows.flatMap((sequence, row) => (sequence.done ? [] : [row]));
    if (living.length === 0) return;
    // Also for a single row: one that went on would waste its share of each step, and leave the model's context.
    if (living.length < rows.length) await decoding.select(living);
    rows = living.map((row) => rows[row] as Sequence);
    generation.count(rows.length, rows.length);
    await decoding.append(living.map((row) => tokens[row] as number));
  }
}

/** Chooses a sequence's next token, and says whether that ended it. */
function extend(sequence: Sequence, logits: Float32Array, generation: Generation): number {
  const token = chooseToken(sequence, logits, generation);
  const { row } = sequence.prompt;
  if (token < 0) throw notANumber(generation.who, `the logits of row ${row} of the batch are not numbers after ${sequence.newIds.length} new tokens`, [row]);
  if (logits[token] === 0 && logits.every((logit) => logit === 0)) {
    throw zeroOutput(generation, generation.who, `the logits of row ${row} of the batch are nothing but zeros after ${sequence.newIds.length} new tokens`, [row]);
  }
  if (generation.endIds.has(token)) {
    sequence.done = true;
    return token;
  }
  sequence.newIds.push(token);
  sequence.done = sequence.newIds.length >= sequence.prompt.limit || generation.stopped?.(sequence.newIds) === true;
  return token;
}

function chooseToken({ prompt, newIds, key }: Sequence, raw: Float32Array, generation: Generation): number {
  const { repetitionPenalty, sampling, endIds } = generation;
  const forbidsEnd = newIds.length < generation.minNewTokens;
  const changed = repetitionPenalty !== 1 || forbidsEnd;
  const logits = changed ? raw.slice() : raw;
  if (repetitionPenalty !== 1) penalizeRepetition(logits, [...Array.from(prompt.ids), ...newIds], repetitionPenalty);
  if (forbidsEnd) for (const id of endIds) logits[id] = -Infinity;
  return sampling === undefined ? likeliest(logits) : sample(logits, sampling, uniform(key, newIds.length));
}
