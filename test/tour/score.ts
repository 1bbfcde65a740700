// Part B of the tour: a predictor of one's own, set up once per actor, called once per batch.
import { definePredictor, type OnnxSession } from "shoal";

export const score = definePredictor<{ features: Float32Array[] }>()(import.meta, "score", {
  setup: async (actor) => ({ session: await actor.onnx(new URL("./model.onnx", import.meta.url)) }),
  predict: async (batch, { session }) => ({ ...batch, score: await run(session, batch.features) }),
  dispose: ({ session }) => session[Symbol.asyncDispose](),
});

async function run(session: OnnxSession, features: readonly Float32Array[]): Promise<Float32Array> {
  const data = new Float32Array(features.length * 4);
  features.forEach((row, at) => data.set(row, at * 4));
  const { y } = await session.run({ x: { type: "float32", shape: [features.length, 4], data } });
  return y?.data as Float32Array;
}
