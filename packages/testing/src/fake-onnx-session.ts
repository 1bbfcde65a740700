import type { OnnxPort, OnnxRunOptions, OnnxSession, OnnxTensor, ResidentTensor } from "@shoal/core";

export interface FakeLanguageModelOptions {
  readonly vocabulary: number;
  /** Inputs the graph has besides `input_ids` and the cache; both when not given. */
  readonly inputs?: readonly ("attention_mask" | "position_ids")[];
  /** False: a graph that sees all tokens each time. */
  readonly cache?: boolean;
  /** Token made likelier, so that rows end at different steps. */
  readonly endId?: number;
  /** Positions the model has; a later one is an error, as in a real graph. */
  readonly contextLength?: number;
  /** Logits of rows whose tokens include this one are NaN. */
  readonly poisonId?: number;
}

/** What a fake model was asked for, and what it still holds. */
export interface FakeLanguageModel extends OnnxSession {
  /** `input_ids` of each run, as [rows, positions]. */
  readonly runs: readonly (readonly [rows: number, positions: number])[];
  readonly heldTensors: number;
}

type Feeds = Readonly<Record<string, OnnxTensor | ResidentTensor>>;

/** One row of the cache: tokens and the positions they were given. */
type CachedRow = readonly { readonly token: number; readonly position: number }[];

/**
 * A causal language model without a model: its logits are a hash of every token that is not masked and the position it was given. Whatever
 * a decode loop does wrong with padding, positions, masks, the order of rows or the cache changes the text.
 */
export function fakeLanguageModel(options: FakeLanguageModelOptions): FakeLanguageModel {
  const { vocabulary, inputs = ["attention_mask", "position_ids"], cache = true } = options;
  const held = new Map<number, CachedRow[]>();
  const runs: [number, number][] = [];
  let next = 1;
  const port = (name: string, shape: OnnxPort["shape"], type: OnnxPort["type"] = "int64"): OnnxPort => ({ name, type, shape });
  const hold = (rows: CachedRow[]): ResidentTensor => {
    held.set(next, rows);
    return { resident: next++, shape: [rows.length, 1, rows[0]?.length ?? 0, 1] };
  };
  const taken = (tensor: ResidentTensor): CachedRow[] => {
    const rows = held.get(tensor.resident);
    if (rows === undefined) throw new Error(`The resident tensor ${tensor.resident} was freed`);
    return rows;
  };

  function run(feeds: Feeds, runOptions: OnnxRunOptions & { readonly keep: readonly string[] }): Promise<Record<string, OnnxTensor | ResidentTensor>>;
  function run(feeds: Feeds, runOptions?: OnnxRunOptions): Promise<Record<string, OnnxTensor>>;
  async function run(feeds: Feeds, runOptions: OnnxRunOptions = {}): Promise<Record<string, OnnxTensor | ResidentTensor>> {
    const ids = feeds["input_ids"] as OnnxTensor;
    const [rows = 0, positions = 0] = ids.shape;
    runs.push([rows, positions]);
    const past = feeds["past.0.key"];
    const before = past !== undefined && "resident" in past ? taken(past) : Array.from({ length: rows }, () => []);
    const given = feeds["position_ids"] as OnnxTensor | undefined;
    const seen = before.map((row, index): CachedRow => [...row, ...Array.from({ length: positions }, (_, at) => ({
      token: Number(ids.data[index * positions + at]),
      // A graph that is not told positions counts them, padding and all.
      position: given === undefined ? row.length + at : Number(given.data[index * positions + at]),
    }))]);
    const outside = seen.flat().find(({ position }) => position >= (options.contextLength ?? Infinity));
    if (outside !== undefined) throw new Error(`There is no position ${outside.position}`);
    const mask = feeds["attention_mask"] as OnnxTensor | undefined;
    const width = seen[0]?.length ?? 0;
    if (mask !== undefined && mask.shape[1] !== width) throw new Error(`attention_mask is ${mask.shape[1]} wide where ${width} positions are cached`);
    const logits = new Float32Array(rows * vocabulary);
    seen.forEach((row, index) => fillLogits(row.filter((_, at) => mask === undefined || mask.data[index * width + at] === 1n), logits.subarray(index * vocabulary, (index + 1) * vocabulary), options));
    if (runOptions.lastPosition?.includes("logits") !== true) throw new Error("This fake gives the last position's logits alone");
    const result: Record<string, OnnxTensor | ResidentTensor> = { logits: { type: "float32", shape: [rows, vocabulary], data: logits } };
    for (const name of runOptions.keep ?? []) result[name] = hold(seen);
    return result;
  }

  return {
    inputs: [port("input_ids", ["rows", "positions"]), ...inputs.map((name) => port(name, ["rows", "positions"])), ...(cache ? [port("past.0.key", ["rows", 1, "past", 1], "float32")] : [])],
    outputs: [port("logits", ["rows", "positions", vocabulary], "float32"), ...(cache ? [port("present.0.key", ["rows", 1, "all", 1], "float32")] : [])],
    device: "fake",
    runs,
    get heldTensors() {
      return held.size;
    },
    run,
    gather: async (tensors, rows) => tensors.map((tensor) => {
      const old = taken(tensor);
      held.delete(tensor.resident);
      return hold(rows.map((row) => old[row] as CachedRow));
    }),
    free: async (tensors) => {
      for (const tensor of tensors) {
        taken(tensor);
        held.delete(tensor.resident);
      }
    },
    async [Symbol.asyncDispose]() {
      held.clear();
    },
  };
}

function fillLogits(seen: CachedRow, logits: Float32Array, { endId, poisonId }: FakeLanguageModelOptions): void {
  let hash = 0x811c9dc5;
  for (const { token, position } of seen) hash = scramble(hash ^ scramble(token * 0x10001 + position + 1));
  for (let id = 0; id < logits.length; id++) logits[id] = (scramble(hash + Math.imul(id + 1, 0x9e3779b9)) >>> 0) / 2 ** 32;
  if (endId !== undefined) logits[endId] = (logits[endId] as number) * 1.1;
  if (seen.some(({ token }) => token === poisonId)) logits.fill(NaN);
}

function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
