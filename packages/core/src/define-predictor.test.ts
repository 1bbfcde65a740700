import { expect, test } from "vitest";
import { blockFromRows, blockRows, definePredictor, predictorLoader, type ActorContext, type Block, type PredictorStep, type RowOf } from "./index.ts";

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
});
