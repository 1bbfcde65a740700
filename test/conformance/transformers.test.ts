import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification,
  type EntityGroup, type LabelScore, type TokenEntity,
} from "@shoal/backend-transformers";
import { decodeImage, imagesSource } from "@shoal/io";
import { sentiment, storyteller } from "@shoal/tiny-models";
import { blockRows } from "@shoal/core";
import { readAll } from "./shared-data.ts";
import { golden, loadStep, sharedModelsMissing, sharedPath } from "./load-transformers.ts";

if (sharedModelsMissing) console.warn(`Skipped: the models these tests compare with are not at ${sharedPath("models")}.`);

interface TextGenerationGolden {
  readonly cases: Readonly<Record<"fp32" | "q8", readonly { readonly input: string; readonly output: string }[]>>;
}

describe.skipIf(sharedModelsMissing)("text generation (stories260k: Llama with grouped-query attention)", () => {
  const model = sharedPath("models/stories260k");
  const { cases } = golden<TextGenerationGolden>("stories260k");
  const prompts = cases.fp32.map(({ input }) => ({ prompt: input }));

  it("gives transformers.js' greedy text in one batch and alone", async () => {
    await using step = await loadStep(textGeneration({ model, input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }));
    const expected = cases.fp32.map(({ output }) => ({ text: output }));
    expect(await step.run(prompts)).toEqual(expected);
    expect(await step.run(prompts, 1)).toEqual(expected);
  });

  it("gives the same in float16, whatever the batch", async () => {
    await using step = await loadStep(textGeneration({ model, dtype: "fp16", input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }));
    const alone = await step.run(prompts, 1);
    expect(await step.run(prompts)).toEqual(alone);
    expect(alone[0]).toEqual({ text: cases.fp32[0]?.output });
  });

  it("gives transformers.js' text in dynamic int8, a row at a time", async () => {
    await using step = await loadStep(textGeneration({ model, dtype: "q8", input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }));
    expect(await step.run(prompts, 1)).toEqual(cases.q8.map(({ output }) => ({ text: output })));
  });

  it("gives the same greedy and sampled texts alone and together, for rows that end at different steps", async () => {
    const rows = ["Once", "The cat", "Lily and Tom were", "", "A", "One day a girl named Sue went to the", "Mom said", "It was"].map((prompt) => ({ prompt }));
    for (const sampling of [{}, { temperature: 0.8, topK: 40, topP: 0.95, seed: 3 }]) {
      await using step = await loadStep(textGeneration({ model, input: "prompt", output: "text", maxNewTokens: 60, stop: ["day", ". The"], ...sampling }));
      const alone = (await step.run(rows, 1)) as { text: string }[];
      expect(await step.run(rows)).toEqual(alone);
      expect(await step.run(rows, 3)).toEqual(alone);
      expect(new Set(alone.map(({ text }) => text.length)).size).toBeGreaterThan(3);
    }
  });
});

describe("tiny models, as Python's ONNX Runtime runs them", () => {
  const goldenOf = <T>(model: string): T => (JSON.parse(readFileSync(new URL("golden.json", model), "utf8")) as { cases: T }).cases;

  it("storyteller: GPT-2, byte-level tokens", async () => {
    const cases = goldenOf<{ prompt: string; text: string }[]>(storyteller);
    await using step = await loadStep(textGeneration({ model: storyteller, input: "prompt", output: "text", maxNewTokens: 20 }));
    const expected = cases.map(({ text }) => ({ text }));
    expect(await step.run(cases.map(({ prompt }) => ({ prompt })))).toEqual(expected);
    expect(await step.run(cases.map(({ prompt }) => ({ prompt })), 1)).toEqual(expected);
  });

  it("storyteller takes an empty prompt as the beginning of a text", async () => {
    await using step = await loadStep(textGeneration({ model: storyteller, input: "prompt", output: "text", maxNewTokens: 8, minNewTokens: 8 }));
    const [alone] = await step.run([{ prompt: "" }]);
    expect(alone).toEqual({ text: expect.stringMatching(/\w+ \w+/) });
    expect((await step.run([{ prompt: "Once upon a time there was a" }, { prompt: "" }]))[1]).toEqual(alone);
  });

  it("sentiment: BERT", async () => {
    const cases = goldenOf<{ text: string; label: string; score: number }[]>(sentiment);
    await using step = await loadStep(textClassification({ model: sentiment, input: "text", output: "label", scoreOutput: "score" }));
    const results = (await step.run(cases.map(({ text }) => ({ text })))) as { label: string; score: number }[];
    expect(results.map(({ label }) => label)).toEqual(cases.map(({ label }) => label));
    results.forEach(({ score }, row) => expect(score).toBeCloseTo(cases[row]?.score as number, 4));
  });
});

interface LabelGolden {
  readonly cases: Readonly<Record<"fp32" | "q8", readonly { readonly input: string; readonly output: readonly LabelScore[] }[]>>;
}

describe.skipIf(sharedModelsMissing)("text classification (sentiment-mini: BERT)", () => {
  const model = sharedPath("models/sentiment-mini");
  const { cases } = golden<LabelGolden>("sentiment-mini");
  const rows = cases.fp32.map(({ input }) => ({ text: input }));

  it("gives transformers.js' labels and scores", async () => {
    await using step = await loadStep(textClassification({ model, input: "text", output: "labels", scoreOutput: "score", topK: 2 }));
    for (const batchRows of [rows.length, 7, 1]) {
      const results = (await step.run(rows, batchRows)) as { labels: LabelScore[]; score: number }[];
      results.forEach(({ labels, score }, row) => {
        const expected = cases.fp32[row]?.output as LabelScore[];
        expect(labels.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
        labels.forEach(({ score: own }, at) => expect(own).toBeCloseTo(expected[at]?.score as number, 4));
        expect(score).toBeCloseTo(expected[0]?.score as number, 4);
      });
    }
  });

  it("gives the same label in dynamic int8 where the margin is not slight", async () => {
    await using step = await loadStep(textClassification({ model, dtype: "q8", input: "text", output: "label" }));
    const results = await step.run(rows);
    const clear = cases.q8.flatMap(({ output: [best, next] }, row) => ((best?.score ?? 0) - (next?.score ?? 0) > 0.05 ? [{ row, label: best?.label }] : []));
    expect(clear.map(({ row }) => results[row])).toEqual(clear.map(({ label }) => ({ label })));
  });

  it("names the row whose text is missing", async () => {
    await using step = await loadStep(textClassification({ model, input: "text", output: "label" }));
    await expect(step.run([{ text: "fine" }, { text: null }])).rejects.toMatchObject({ code: "missing-value", message: expect.stringContaining('Column "text" has nothing') as string, details: { rows: [1] } });
  });

  it("cuts texts that are too long, keeps the closing token, and counts them", async () => {
    await using step = await loadStep(textClassification({ model, input: "text", output: "label" }));
    expect(await step.run([{ text: "I love this. ".repeat(200) }])).toEqual([{ label: "POSITIVE" }]);
    expect(step.counts.get("truncatedRows")).toBe(1);
    expect(step.counts.get("realTokens")).toBe(128);
  });
});

describe.skipIf(sharedModelsMissing)("feature extraction (intent-embed-mini: BERT, mean pooling)", () => {
  const model = sharedPath("models/intent-embed-mini");
  const { cases } = golden<{ cases: { fp32: { input: string; output: number[] }[] } }>("intent-embed-mini");

  it("gives transformers.js' vectors, padded or not", async () => {
    await using step = await loadStep(featureExtraction({ model, input: "text", output: "vector", normalize: true }));
    const rows = cases.fp32.map(({ input }) => ({ text: input }));
    for (const batchRows of [rows.length, 1]) {
      const results = await step.run(rows, batchRows);
      results.forEach(({ vector }, row) => {
        const wrong = Array.from(vector as Float32Array).findIndex((value, at) => Math.abs(value - (cases.fp32[row]?.output[at] as number)) > 1e-4);
        expect(wrong).toBe(-1);
        expect((vector as Float32Array).length).toBe(cases.fp32[row]?.output.length);
      });
    }
  });

  it("gives each token's vector, or the first one's", async () => {
    const rows = [{ text: "my card has gone missing" }, { text: "hi" }];
    await using all = await loadStep(featureExtraction({ model, input: "text", output: "vectors", pooling: "none" }));
    await using first = await loadStep(featureExtraction({ model, input: "text", output: "vector", pooling: "cls" }));
    const vectors = (await all.run(rows)).map((row) => row["vectors"] as Float32Array);
    expect(vectors.map((one) => one.length / 128)).toEqual([7, 3]);
    (await first.run(rows)).forEach(({ vector }, row) => expect(vector).toEqual(vectors[row]?.subarray(0, 128)));
  });
});

describe.skipIf(sharedModelsMissing)("token classification (snips-slots-mini: BERT, BIO)", () => {
  const model = sharedPath("models/snips-slots-mini");
  const { cases } = golden<{ cases: { fp32: { input: string; output: { entity: string; score: number; index: number; word: string }[] }[] } }>("snips-slots-mini");
  const rows = cases.fp32.map(({ input }) => ({ text: input }));

  it("gives transformers.js' tokens, and where they lie in the text", async () => {
    await using step = await loadStep(tokenClassification({ model, input: "text", output: "entities" }));
    const results = (await step.run(rows)) as { entities: TokenEntity[] }[];
    results.forEach(({ entities }, row) => {
      const expected = cases.fp32[row]?.output ?? [];
      expect(entities.map(({ entity, index, word }) => ({ entity, index, word }))).toEqual(expected.map(({ entity, index, word }) => ({ entity, index, word })));
      entities.forEach(({ score, start, end, word }, at) => {
        expect(score).toBeCloseTo(expected[at]?.score as number, 4);
        const folded = rows[row]?.text.slice(start ?? 0, end ?? 0).normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
        expect([folded, "[UNK]"]).toContain(word.replace("##", ""));
      });
    });
  });

  it("groups neighbours of one label", async () => {
    await using step = await loadStep(tokenClassification({ model, input: "text", output: "entities", aggregation: "simple" }));
    const text = "I'd like to have this track onto my Classical Relaxations playlist.";
    const [row] = (await step.run([{ text }])) as { entities: EntityGroup[] }[];
    expect(row?.entities.map(({ entity_group, word, start, end }) => [entity_group, word, text.slice(start ?? 0, end ?? 0)])).toEqual([
      ["music_item", "track", "track"], ["playlist_owner", "my", "my"], ["playlist", "classical relaxations", "Classical Relaxations"],
    ]);
  });
});

interface ImageGolden {
  readonly cases: Readonly<Record<string, readonly { readonly input: string; readonly output: LabelScore | readonly LabelScore[] }[]>>;
}

describe.skipIf(sharedModelsMissing)("image classification", () => {
  for (const [name, dtype] of [["resnet8-cifar10", "fp32"], ["resnet8-cifar10", "q8"], ["mobilenet_v1_0.25_128", "fp32"], ["mobilenet_v1_0.25_128", "q8"], ["mobilenet_v2_1.0_224", "q8"]] as const) {
    it(`gives transformers.js' labels and scores (${name}, ${dtype})`, async () => {
      const cases = golden<ImageGolden>(name).cases[dtype] ?? [];
      const model = sharedPath(`models/${name}`);
      await using step = await loadStep(imageClassification({ model, dtype, input: "image", output: "label", scoreOutput: "score" }), { decodeImage });
      const paths = cases.map(({ input }) => ({ image: sharedPath(input) }));
      const bytes = paths.map(({ image }) => ({ image: new Uint8Array(readFileSync(image)) }));
      const results = (await step.run(paths, 8)) as { label: string; score: number }[];
      expect(await step.run(bytes, 8)).toEqual(results);
      const decoded = [...blockRows(await readAll(imagesSource(paths.map(({ image }) => image))))];
      const byPath = new Map(decoded.map(({ path, image }) => [path, image]));
      expect(await step.run(paths.map(({ image }) => ({ image: byPath.get(image) })), 8)).toEqual(results);
      results.forEach(({ label, score }, row) => {
        const [expected] = [cases[row]?.output].flat() as LabelScore[];
        expect(label).toBe(expected?.label);
        expect(Math.abs(score - (expected?.score ?? 0))).toBeLessThan(0.03);
      });
    });
  }

  it("takes decoded images, as tensors and as pixels", async () => {
    const model = sharedPath("models/resnet8-cifar10");
    await using step = await loadStep(imageClassification({ model, input: "image", output: "labels", topK: 3 }), { decodeImage });
    const path = sharedPath("data/cifar10-1000/airplane/0001.jpg");
    const pixels = await decodeImage(new Uint8Array(readFileSync(path)));
    const [expected] = await step.run([{ image: path }]);
    expect(expected).toMatchObject({ labels: [{ label: "airplane" }, {}, {}] });
    expect(await step.run([{ image: pixels }])).toEqual([expected]);
    const rgba = new Uint8Array(Array.from({ length: 32 * 32 }, (_, at) => [...pixels.data.subarray(at * 3, at * 3 + 3), 255]).flat());
    expect(await step.run([{ image: { ...pixels, channels: 4, data: rgba } }])).toEqual([expected]);
  });

  it("names the row whose image can't be had", async () => {
    const model = sharedPath("models/resnet8-cifar10");
    const good = sharedPath("data/cifar10-1000/airplane/0001.jpg");
    await using step = await loadStep(imageClassification({ model, input: "image", output: "label" }), { decodeImage });
    await expect(step.run([{ image: good }, { image: "nowhere.jpg" }])).rejects.toMatchObject({ code: "image-not-found", failure: "row", details: { rows: [1] } });
    await expect(step.run([{ image: new Uint8Array([1, 2, 3]) }])).rejects.toMatchObject({ code: "bad-image", failure: "row" });
    await using bare = await loadStep(imageClassification({ model, input: "image", output: "label" }));
    await expect(bare.run([{ image: good }])).rejects.toMatchObject({ code: "missing-decoder", failure: "bug" });
  });
});
