import { describe, expect, it } from "vitest";
import {
  featureExtraction, textClassification, textGeneration, tokenClassification, type EntityGroup, type LabelScore, type TokenEntity,
} from "@shoal/backend-transformers";
import { golden, loadStep, sharedModelsMissing, sharedPath } from "./load-transformers.ts";

if (sharedModelsMissing) console.warn(`Skipped: the models these tests compare with are not at ${sharedPath("models")}.`);

interface TextGenerationGolden {
  readonly cases: Readonly<Record<"fp32" | "q8", readonly { readonly input: string; readonly output: string }[]>>;
}

describe.skipIf(sharedModelsMissing)("text generation (stories260k: Llama with grouped-query attention, no position_ids input or with)", () => {
  const model = sharedPath("models/stories260k");
  const { cases } = golden<TextGenerationGolden>("stories260k");
  const prompts = cases.fp32.map(({ input }) => ({ prompt: input }));

  it("gives transformers.js' greedy text in one batch and alone", async () => {
    await using step = await loadStep(textGeneration({ model, input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }));
    const expected = cases.fp32.map(({ output }) => ({ text: output }));
    expect(await step.run(prompts)).toEqual(expected);
    expect(await step.run(prompts, 1)).toEqual(expected);
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
    cases.q8.forEach(({ output: [best, next] }, row) => {
      if ((best?.score ?? 0) - (next?.score ?? 0) > 0.05) expect(results[row]).toEqual({ label: best?.label });
    });
  });

  it("names the row whose text is missing", async () => {
    await using step = await loadStep(textClassification({ model, input: "text", output: "label" }));
    await expect(step.run([{ text: "fine" }, { text: null }])).rejects.toThrow(/Row 1 .* nothing in column "text"/);
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
        if (word !== "[UNK]") expect(folded).toBe(word.replace("##", ""));
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
