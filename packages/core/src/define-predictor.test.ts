import { expect, test } from "vitest";
import { blockFromRows, blockRows, definePredictor, predictorLoader, type ActorContext, type Block, type NumberArray, type PredictorStep, type RowOf } from "./index.ts";

const meta = { url: "file:///job.ts" };

const score = definePredictor<{ features: Float32Array[] }>()(meta, "score", {
  setup: async () => ({ bias: 1 }),
  predict: async (batch, { bias }) => ({ ...batch, score: Float32Array.from(batch.features, (row) => (row[0] as number) + bias) }),
});
score satisfies PredictorStep<{ features: Float32Array }, { features: Float32Array; score: number }, undefined>;

const staged = definePredictor<{ text: string[] }>()(meta, "staged", {
  setup: (_actor, args: { suffix: string }) => args.suffix,
  preprocess: (batch) => ({ ...batch, length: Int32Array.from(batch.text, (text) => text.length) }),
  cost: (row) => row.length,
  predict: (batch, suffix) => ({ text: batch.text.map((text) => text + suffix), n: batch.length }),
  postprocess: (result) => ({ out: result.text, n: result.n }),
});
staged satisfies PredictorStep<{ text: string }, { out: string; n: number }, { suffix: string }>;

class Shout {
  #mark: string;
  constructor(args: { mark: string }) {
    this.#mark = args.mark;
  }
  predict(batch: { text: string[] }): { loud: string[] } {
    return { loud: batch.text.map((text) => text.toUpperCase() + this.#mark) };
  }
}
const shout = definePredictor<{ text: string[] }>()(meta, "shout", Shout);
shout satisfies PredictorStep<{ text: string }, { loud: string }, { mark: string }>;

const byRow = definePredictor<{ text: string[] }, "rows">()(meta, "byRow", {
  batchFormat: "rows",
  predict: (rows) => rows.map((row) => ({ text: row.text, length: row.text.length })),
});
byRow satisfies PredictorStep<{ text: string }, { text: string; length: number }, undefined>;

const byTable = definePredictor<{ text: string[] }, "arrow">()(meta, "byTable", { batchFormat: "arrow", predict: (table) => table.select(["text"]) });

class Staged {
  static readonly rows = "same";
  preprocess(batch: { text: string[] }): { text: string[]; length: Int32Array } {
    return { ...batch, length: Int32Array.from(batch.text, (text) => text.length) };
  }
  cost(row: { length: number }): number {
    return row.length;
  }
  predict(batch: { text: string[]; length: Int32Array }): { twice: number[] } {
    return { twice: Array.from(batch.length, (length) => 2 * length) };
  }
  postprocess(result: { twice: NumberArray }): { shown: string[] } {
    return { shown: Array.from(result.twice, String) };
  }
}
const classStaged = definePredictor<{ text: string[] }>()(meta, "classStaged", Staged);
classStaged satisfies PredictorStep<{ text: string }, { shown: string }, undefined>;

async function* halves(batch: { n: Float64Array }): AsyncGenerator<{ n: Float64Array }> {
  yield { n: batch.n.subarray(0, 1) };
  yield { n: batch.n.subarray(1) };
}
const streamed = definePredictor<{ n: Float64Array }>()(meta, "streamed", { predict: halves });
streamed satisfies PredictorStep<{ n: number }, { n: number }, undefined>;

const load = predictorLoader([], () => Promise.reject(new Error("no such module")));
const actor = {} as ActorContext;

test("an object is set up and called with the batch as columns", async () => {
  const predictor = await load(score.spec, actor);
  const result = (await predictor.predict(blockFromRows([{ features: Float32Array.of(2) }]), new AbortController().signal)) as Block;
  expect([...blockRows(result)].map((row) => row["score"])).toEqual([3]);
});

test("phases see what the phase before returned", async () => {
  const predictor = await load({ ...staged.spec, args: { suffix: "!" } } as typeof staged.spec, actor);
  const signal = new AbortController().signal;
  const prepared = (await predictor.preprocess?.(blockFromRows([{ text: "ab" }]), signal)) as Block;
  expect(Array.from(predictor.cost?.(prepared) ?? [])).toEqual([2]);
  const done = await predictor.postprocess?.((await predictor.predict(prepared, signal)) as Block, signal);
  expect([...blockRows(done as Block)]).toEqual([{ out: "ab!", n: 2 }]);
});

test("a class has the same phases", async () => {
  expect(classStaged.spec).toMatchObject({ phases: ["preprocess", "predict", "postprocess"], costUnit: "cost" });
  const predictor = await load(classStaged.spec, actor);
  const signal = new AbortController().signal;
  const prepared = (await predictor.preprocess?.(blockFromRows([{ text: "abc" }]), signal)) as Block;
  expect(Array.from(predictor.cost?.(prepared) ?? [])).toEqual([3]);
  const done = await predictor.postprocess?.((await predictor.predict(prepared, signal)) as Block, signal);
  expect([...blockRows(done as Block)]).toEqual([{ shown: "6" }]);
});

test.each([
  [byRow, [{ text: "ab", length: 2 }]],
  [byTable, [{ text: "ab" }]],
] as const)("batches come in the format that was asked for", async (step, rows) => {
  const predictor = await load(step.spec, actor);
  const result = (await predictor.predict(blockFromRows([{ text: "ab", other: 1 }]), new AbortController().signal)) as Block;
  expect([...blockRows(result)]).toEqual(rows);
});

test("predict may be an async generator", async () => {
  const predictor = await load(streamed.spec, actor);
  const sizes: number[] = [];
  for await (const block of predictor.predict(blockFromRows([{ n: 1 }, { n: 2 }, { n: 3 }]), new AbortController().signal) as AsyncIterable<Block>) sizes.push(block.rows);
  expect(sizes).toEqual([1, 2]);
});

test("a class is constructed with its arguments", async () => {
  const predictor = await load({ ...shout.spec, args: { mark: "?" } } as typeof shout.spec, actor);
  const result = (await predictor.predict(blockFromRows([{ text: "a" }]), new AbortController().signal)) as Block;
  expect([...blockRows(result)]).toEqual([{ loud: "A?" }]);
});

test("a name that the module does not register is predictor-not-importable, with the way out", async () => {
  await expect(load({ ...score.spec, export: "scroe" } as typeof score.spec, actor)).rejects.toMatchObject({ code: "predictor-not-importable" });
});

test("row types follow from batch types", () => {
  const row: RowOf<{ a: Float32Array; b: string[]; c: Float32Array[] }> = { a: 1, b: "x", c: new Float32Array(1) };
  expect(row.a).toBe(1);
  const large: RowOf<{ id: BigInt64Array }> = { id: 1 };
  expect(large.id, "up to 2^53 a row gives a number").toBe(1);
});

const times = (k: number) => ({ predict: (batch: { n: Float64Array }) => ({ ...batch, by: batch.n.map((value) => k * value) }) });

test("the first, empty call can't be left out", () => {
  const untyped = definePredictor as unknown as (...args: unknown[]) => unknown;
  expect(() => untyped({ url: "file:///shout.ts" }, "shout", class { predict() {} })).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringContaining('"shout" in its first call') as string }) as Error);
  expect(() => untyped({ url: "file:///shout.ts" })).toThrow(expect.objectContaining({ code: "bad-option" }) as Error);
});

test("a name that the module has already is refused, for actors would run only one of the two", () => {
  const module = { url: "file:///times.ts" };
  const make = (k: number) => definePredictor<{ n: Float64Array }>()(module, "times", times(k));
  make(2);
  expect(() => make(3)).toThrow(expect.objectContaining({ code: "predictor-name-taken", message: expect.stringContaining("args") as string }) as Error);
});

test("it is refused also where import.meta was compiled to an object at each call", () => {
  const make = (k: number) => definePredictor<{ n: Float64Array }>()({ url: "file:///compiled.ts" }, "times", times(k));
  make(2);
  expect(() => make(3)).toThrow(expect.objectContaining({ code: "predictor-name-taken" }) as Error);
});

test("a module that is evaluated again defines its predictors again, and those count", async () => {
  for (const k of [2, 3]) {
    definePredictor<{ n: Float64Array }>()({ url: "file:///reloaded.ts" }, "times", times(k));
    await Promise.resolve();
  }
  const { spec } = definePredictor<{ n: Float64Array }>()({ url: "file:///reloaded.ts?again" }, "times", times(5));
  const predictor = await load(spec, actor);
  const result = (await predictor.predict(blockFromRows([{ n: 1 }]), new AbortController().signal)) as Block;
  expect([...blockRows(result)]).toEqual([{ n: 1, by: 5 }]);
});

test("the same definition may be given again, and the name in another module", () => {
  const definition = times(2);
  const define = (url: { url: string }) => definePredictor<{ n: Float64Array }>()(url, "times", definition).spec;
  const here = { url: "file:///here.ts" };
  expect([here, here, { url: "file:///there.ts" }].map(define)).toMatchObject([{ module: here.url }, { module: here.url }, { module: "file:///there.ts" }]);
});
