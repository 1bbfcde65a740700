// The reference models through the public API, whole: files or items in, actors, rows out.
import { describe, expect, test } from "vitest";
import { fromItems } from "shoal";
import { featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification } from "shoal/transformers";
import { golden, sharedModelsMissing, sharedPath } from "./load-transformers.ts";

if (sharedModelsMissing) console.warn(`Skipped: the models these tests compare with are not at ${sharedPath("models")}.`);

interface Golden<Output> {
  readonly cases: Readonly<Record<string, readonly { readonly input: string; readonly output: Output }[]>>;
}
interface Scored {
  readonly label: string;
  readonly score: number;
}

const scoreWithin = 1e-4;
const imageScoreWithin = 0.03;

describe.skipIf(sharedModelsMissing)("goldens, through the public API", () => {
  test("text generation: the same text, token for token, in two actors", async () => {
    const cases = golden<Golden<string>>("stories260k").cases["fp32"] ?? [];
    const rows = fromItems(cases.map(({ input }) => ({ prompt: input })))
      .mapBatches(textGeneration({ model: sharedPath("models/stories260k"), input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }), { concurrency: 2 });
    expect((await rows.takeAll()).map(({ text }) => text)).toEqual(cases.map(({ output }) => output));
  });

  test("text classification: labels and scores; in int8 the label where it is clear", async () => {
    const { cases } = golden<Golden<readonly Scored[]>>("sentiment-mini");
    const items = fromItems((cases["fp32"] ?? []).map(({ input }) => ({ text: input })));
    const model = sharedPath("models/sentiment-mini");
    const exact = await items.mapBatches(textClassification({ model, input: "text", output: "label", scoreOutput: "score" })).takeAll();
    exact.forEach((row, at) => {
      const best = cases["fp32"]?.[at]?.output[0] as Scored;
      expect(row.label).toBe(best.label);
      expect(Math.abs(row.score - best.score)).toBeLessThan(scoreWithin);
    });
    const rough = await items.mapBatches(textClassification({ model, dtype: "q8", input: "text", output: "label" })).takeAll();
    const clear = rough.flatMap(({ label }, at) => {
      const output = cases["q8"]?.[at]?.output ?? [];
      return margin(output) > 0.05 ? [{ label, expected: output[0]?.label }] : [];
    });
    expect(clear.length).toBeGreaterThan(rough.length / 2);
    expect(clear.map(({ label }) => label)).toEqual(clear.map(({ expected }) => expected));
  });

  test("feature extraction: vectors", async () => {
    const cases = golden<Golden<readonly number[]>>("intent-embed-mini").cases["fp32"] ?? [];
    const rows = await fromItems(cases.map(({ input }) => ({ text: input })))
      .mapBatches(featureExtraction({ model: sharedPath("models/intent-embed-mini"), input: "text", output: "vector", normalize: true })).takeAll();
    const furthest = rows.map(({ vector }, at) => Math.max(...Array.from(vector, (value, axis) => Math.abs(value - (cases[at]?.output[axis] ?? Infinity)))));
    expect(furthest).toHaveLength(cases.length);
    expect(Math.max(...furthest)).toBeLessThan(scoreWithin);
  });

  test("token classification: entities and scores", async () => {
    const cases = golden<Golden<readonly { entity: string; score: number; index: number }[]>>("snips-slots-mini").cases["fp32"] ?? [];
    const rows = await fromItems(cases.map(({ input }) => ({ text: input })))
      .mapBatches(tokenClassification({ model: sharedPath("models/snips-slots-mini"), input: "text", output: "entities" })).takeAll();
    rows.forEach(({ entities }, at) => {
      const expected = cases[at]?.output ?? [];
      expect(entities.map(({ entity, index }) => [entity, index])).toEqual(expected.map(({ entity, index }) => [entity, index]));
      entities.forEach(({ score }, token) => expect(Math.abs(score - (expected[token]?.score ?? 0))).toBeLessThan(scoreWithin));
    });
  });

  test.each([
    ["resnet8-cifar10", "fp32"], ["resnet8-cifar10", "q8"], ["mobilenet_v1_0.25_128", "fp32"], ["mobilenet_v1_0.25_128", "q8"], ["mobilenet_v2_1.0_224", "q8"],
  ] as const)("image classification, %s %s: the best label, and scores within decoding", async (name, dtype) => {
    const cases = golden<Golden<Scored | readonly Scored[]>>(name).cases[dtype] ?? [];
    const rows = await fromItems(cases.map(({ input }) => ({ path: sharedPath(input) })))
      .mapBatches(imageClassification({ model: sharedPath(`models/${name}`), dtype, input: "path", output: "label", scoreOutput: "score" })).takeAll();
    expect(rows.length).toBeGreaterThan(0);
    rows.forEach((row, at) => {
      const [best] = [cases[at]?.output].flat() as Scored[];
      expect(row.label).toBe(best?.label);
      expect(Math.abs(row.score - (best?.score ?? 0))).toBeLessThan(imageScoreWithin);
    });
  });
});

function margin([best, next]: readonly Scored[]): number {
  return (best?.score ?? 0) - (next?.score ?? 0);
}
