import type { JsonObject, OnnxSession, OnnxTensor, ResidentTensor, TypedArray } from "@shoal/core";
import { findCachePorts, unsupported, type CachePort } from "./cache-ports.ts";

const known = new Set(["input_ids", "attention_mask", "position_ids", "token_type_ids", "use_cache_branch", "num_logits_to_keep"]);

/** A causal graph: tokens in, logits of the next token out, with a key-value cache that stays where the session runs. */
export interface CausalDecoder {
  /** Prompts of unlike length may share a batch: the graph is told which positions are padding, and which position each token has. */
  readonly padded: boolean;
  /** Runs the prompts: their next tokens' logits are ready when it settles. */
  start(prompts: readonly ArrayLike<number>[]): Promise<Decoding>;
}

/** Rows being decoded together. */
export interface Decoding {
  readonly rows: number;
  /** Logits of each row's next token; a view that the next run replaces. */
  logits(row: number): Float32Array;
  /** Appends one token to each row. */
  append(tokens: readonly number[]): Promise<void>;
  /** Goes on with these rows, in this order; a row may come several times. */
  select(rows: readonly number[]): Promise<void>;
  /** Gives the cache back. */
  end(): Promise<void>;
}

/** @throws `unsupported-model` */
export function causalDecoder(session: OnnxSession, config: JsonObject, who: string): CausalDecoder {
  const cache = findCachePorts(session, config, who);
  const inputs = new Set(session.inputs.map((port) => port.name));
  const strange = session.inputs.find((port) => !known.has(port.name) && !cache.some((one) => one.input === port.name));
  if (strange !== undefined) throw unsupported(who, `its graph has an input "${strange.name}" that a causal language model does not have`);
  if (!inputs.has("input_ids")) throw unsupported(who, `its graph has no input "input_ids"`);
  if (!session.outputs.some((port) => port.name === "logits")) throw unsupported(who, `its graph has no output "logits"`);
  return {
    padded: inputs.has("attention_mask") && inputs.has("position_ids"),
    async start(prompts) {
      const decoding = new CachedDecoding(session, inputs, cache, prompts);
      await decoding.begin();
      return decoding;
    },
  };
}

class CachedDecoding implements Decoding {
  readonly #session: OnnxSession;
  readonly #inputs: ReadonlySet<string>;
  readonly #ports: readonly CachePort[];
  #cache: ResidentTensor[] = [];
  /** Every row's tokens, without padding. */
  #tokens: number[][];
  /** Positions of a row in the cache, padding on the left included. */
  #width: number;
  #logits: Float32Array = new Float32Array(0);
  #vocabulary = 0;
  /** Which row of the last run's logits belongs to each row. */
  #logitRows: readonly number[] = [];

  constructor(session: OnnxSession, inputs: ReadonlySet<string>, ports: readonly CachePort[], prompts: readonly ArrayLike<number>[]) {
    this.#session = session;
    this.#inputs = inputs;
    this.#ports = ports;
    this.#tokens = prompts.map((prompt) => Array.from(prompt));
    this.#width = this.#tokens.reduce((longest, tokens) => Math.max(longest, tokens.length), 0);
  }

  get rows(): number {
    return this.#tokens.length;
  }

  begin(): Promise<void> {
    return this.#run(this.#width, Object.fromEntries(this.#ports.map((port) => [port.input, port.empty(this.rows)])));
  }

  logits(row: number): Float32Array {
    const at = this.#logitRows[row] as number;
    return this.#logits.subarray(at * this.#vocabulary, (at + 1) * this.#vocabulary);
  }

  async append(tokens: readonly number[]): Promise<void> {
    this.#tokens.forEach((row, at) => row.push(tokens[at] as number));
    this.#width++;
    const past = this.#cache;
    // A graph without a cache sees all tokens again each time.
    await this.#run(this.#ports.length === 0 ? this.#width : 1, Object.fromEntries(this.#ports.map((port, at) => [port.input, past[at] as ResidentTensor])));
    if (past.length > 0) await this.#session.free(past);
  }

  async select(rows: readonly number[]): Promise<void> {
    if (rows.length === this.rows && rows.every((row, at) => row === at)) return;
    // A failed gather leaves nothing that could be freed.
    const old = this.#cache;
    this.#cache = [];
    if (old.length > 0) this.#cache = await this.#session.gather(old, rows);
    this.#tokens = rows.map((row) => [...(this.#tokens[row] as number[])]);
    this.#logitRows = rows.map((row) => this.#logitRows[row] as number);
  }

  async end(): Promise<void> {
    const cache = this.#cache;
    this.#cache = [];
    if (cache.length > 0) await this.#session.free(cache);
  }

  async #run(positions: number, past: Record<string, OnnxTensor | ResidentTensor>): Promise<void> {
    const keep = this.#ports.map((port) => port.output);
    const outputs = await this.#session.run({ ...this.#feeds(positions), ...past }, { keep, lastPosition: ["logits"] });
    const logits = outputs["logits"] as OnnxTensor;
    this.#cache = keep.map((name) => outputs[name] as ResidentTensor);
    this.#vocabulary = logits.shape.at(-1) as number;
    this.#logits = logits.data as Float32Array;
    this.#logitRows = this.#tokens.map((_, row) => row);
  }

  #feeds(positions: number): Record<string, OnnxTensor> {
    const feeds: Record<string, OnnxTensor> = { input_ids: this.#perToken(positions, (row, at) => row[at] ?? 0, 0n) };
    if (this.#inputs.has("attention_mask")) feeds["attention_mask"] = this.#mask();
    // Padding has a position too; it is masked, so any valid one will do.
    if (this.#inputs.has("position_ids")) feeds["position_ids"] = this.#perToken(positions, (_, at) => at, 1n);
    if (this.#inputs.has("token_type_ids")) feeds["token_type_ids"] = this.#perToken(positions, () => 0, 0n);
    if (this.#inputs.has("use_cache_branch")) feeds["use_cache_branch"] = { type: "bool", shape: [1], data: Uint8Array.of(Number(this.#cache.length > 0)) };
    if (this.#inputs.has("num_logits_to_keep")) feeds["num_logits_to_keep"] = { type: "int64", shape: [], data: BigInt64Array.of(1n) };
    return feeds;
  }

  #mask(): OnnxTensor {
    const data = new BigInt64Array(this.rows * this.#width);
    this.#tokens.forEach((row, index) => data.fill(1n, (index + 1) * this.#width - row.length, (index + 1) * this.#width));
    return { type: "int64", shape: [this.rows, this.#width], data };
  }

  /** The last `positions` columns of the rows, padded on the left. */
  #perToken(positions: number, value: (row: readonly number[], at: number) => number, padding: bigint): OnnxTensor {
    const data: TypedArray = new BigInt64Array(this.rows * positions).fill(padding);
    this.#tokens.forEach((row, index) => {
      for (let at = Math.max(0, row.length - positions); at < row.length; at++) data[index * positions + positions - row.length + at] = BigInt(value(row, at));
    });
    return { type: "int64", shape: [this.rows, positions], data };
  }
}
