import { definePredictor, fromItems } from "shoal";

const vowels = ["a", "e", "i", "o"];

export const score = definePredictor<{ text: string[] }>()(import.meta, "score", {
  setup: async (actor, args: { least: number }) => ({
    session: await actor.onnx(new URL("./model.onnx", import.meta.url)),
    least: args.least,
  }),
  preprocess: (batch) => ({
    ...batch,
    counts: batch.text.map((text) => Float32Array.from(vowels, (vowel) => text.split(vowel).length - 1)),
  }),
  cost: (row) => row.text.length,
  predict: async ({ counts, ...batch }, { session }) => {
    const data = Float32Array.from(counts.flatMap((row) => [...row]));
    const { y } = await session.run({ x: { type: "float32", shape: [counts.length, vowels.length], data } });
    return { ...batch, score: y?.data as Float32Array };
  },
  postprocess: (result, { least }) => ({ ...result, vocal: Array.from(result.score, (score) => score >= least) }),
  dispose: ({ session }) => session[Symbol.asyncDispose](),
});

export default fromItems([{ id: 1, text: "banana" }, { id: 2, text: "noon" }])
  .mapBatches(score, { args: { least: 100 }, maxBatchCost: 4096 });
