import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textGeneration, transformersBackend, type TextGenerationOptions } from "@shoal/backend-transformers";
import { blockFromRows, blockRows, sliceBlock, type ActorContext, type Block, type Predictor, type Row } from "@shoal/core";
import { fakeLanguageModel, type FakeLanguageModel, type FakeLanguageModelOptions } from "@shoal/testing";

const words = 24;
const endId = words;
const vocabulary = words + 1;
const contextLength = 40;
let model: string;

/** A model's directory with a tokenizer of the words w0 … w23, no padding token, and an end token. */
beforeAll(async () => {
  model = await mkdtemp(join(tmpdir(), "shoal-fake-model-"));
  await mkdir(join(model, "onnx"));
  const vocab = Object.fromEntries([...Array.from({ length: words }, (_, id) => [`w${id}`, id]), ["<end>", endId]]);
  await writeFile(join(model, "config.json"), JSON.stringify({ model_type: "fake", eos_token_id: endId, n_positions: contextLength, num_attention_heads: 1, hidden_size: 1 }));
  await writeFile(join(model, "tokenizer_config.json"), JSON.stringify({ eos_token: "<end>", clean_up_tokenization_spaces: false, chat_template: "{% for m in messages %}w0 {{ m.content }} {% endfor %}{% if add_generation_prompt %}w1{% endif %}" }));
  await writeFile(join(model, "tokenizer.json"), JSON.stringify({
    added_tokens: [{ id: endId, content: "<end>", special: true, normalized: false, lstrip: false, rstrip: false, single_word: false }],
    normalizer: null, pre_tokenizer: { type: "WhitespaceSplit" }, post_processor: null, decoder: null,
    model: { type: "WordLevel", vocab, unk_token: "w0" },
  }));
  await writeFile(join(model, "onnx", "model.onnx"), "");
});
afterAll(() => rm(model, { recursive: true, force: true }));

type Options = Omit<TextGenerationOptions<"prompt", "text", number>, "model" | "input" | "output">;

async function load(options: Options, graph: Partial<FakeLanguageModelOptions> = {}): Promise<{ predictor: Predictor; session: FakeLanguageModel; counts: Record<string, number> }> {
  const session = fakeLanguageModel({ vocabulary, endId, contextLength, ...graph });
  const counts: Record<string, number> = {};
  const actor: ActorContext = {
    device: "cpu", deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: { debug() {}, info() {}, warn() {} },
    onnx: async () => session, count: (name, amount) => void (counts[name] = (counts[name] ?? 0) + amount),
  };
  return { session, counts, predictor: await transformersBackend().load(textGeneration({ model, input: "prompt", output: "text", ...options }).spec as never, actor) };
}

async function generate(predictor: Predictor, rows: readonly Row[], batchRows: number, signal = new AbortController().signal): Promise<unknown[]> {
  const prepared = (await predictor.preprocess?.(blockFromRows(rows), signal)) as Block;
  const texts: unknown[] = [];
  for (let row = 0; row < rows.length; row += batchRows) {
    const predicted = await (predictor.predict(sliceBlock(prepared, row, row + batchRows), signal) as Promise<Block>);
    for (const { text } of blockRows((await predictor.postprocess?.(predicted, signal)) as Block)) texts.push(text);
  }
  return texts;
}

/** Prompts of 1 to 9 words. */
function prompts(count: number): Row[] {
  return Array.from({ length: count }, (_, row) => ({ prompt: Array.from({ length: 1 + ((row * 7) % 9) }, (_unused, at) => `w${(row * 5 + at * 3) % words}`).join(" ") }));
}

describe("a batch gives what its rows alone give", () => {
  const graphs: Record<string, Partial<FakeLanguageModelOptions>> = {
    "a cache, a mask and positions": {},
    "no position_ids": { inputs: ["attention_mask"] },
    "neither mask nor positions": { inputs: [] },
    "no cache": { cache: false },
  };
  const modes: Record<string, Options> = {
    greedy: { maxNewTokens: 25 },
    sampled: { maxNewTokens: 25, temperature: 0.3, topK: 12, topP: 0.9, seed: 7 },
    "with everything": { maxNewTokens: 25, minNewTokens: 3, repetitionPenalty: 1.2, temperature: 0.5, numReturnSequences: 3, stop: ["w3 w", "w11"], returnFullText: true },
  };
  for (const [graphName, graph] of Object.entries(graphs)) {
    for (const [modeName, mode] of Object.entries(modes)) {
      it(`${modeName}, in a graph with ${graphName}`, async () => {
        const { predictor, session } = await load(mode, graph);
        const rows = prompts(23);
        const alone = await generate(predictor, rows, 1);
        expect(await generate(predictor, rows, 23)).toEqual(alone);
        expect(await generate(predictor, rows, 5)).toEqual(alone);
        expect(await generate(predictor, rows.toReversed(), 8)).toEqual(alone.toReversed());
        const lengths = new Set(alone.flat().map((text) => (text as string).split(" ").length));
        expect(lengths.size).toBeGreaterThan(5);
        expect(session.heldTensors).toBe(0);
      });
    }
  }
});

it("takes rows that have ended out of the batch", async () => {
  const { predictor, session, counts } = await load({ maxNewTokens: 30 });
  await generate(predictor, prompts(32), 32);
  const rows = session.runs.map(([count]) => count);
  expect(rows[0]).toBe(32);
  expect(rows.toSorted((a, b) => b - a)).toEqual(rows);
  expect(rows.at(-1)).toBeLessThan(8);
  expect(session.runs.slice(1).every(([, positions]) => positions === 1)).toBe(true);
  expect(counts["paddedTokens"]).toBe(session.runs.reduce((sum, [count, positions]) => sum + count * positions, 0));
  expect((counts["paddedTokens"] as number) - (counts["realTokens"] as number)).toBe(prompts(32).reduce((sum, { prompt }) => sum + 9 - (prompt as string).split(" ").length, 0));
});

it("computes a prompt once for its several sequences, and gives unlike ones", async () => {
  const { predictor, session } = await load({ maxNewTokens: 12, temperature: 1, numReturnSequences: 6 });
  const [texts] = (await generate(predictor, [{ prompt: "w1 w2" }], 1)) as string[][];
  expect(session.runs[0]).toEqual([1, 2]);
  expect(session.runs[1]?.[0]).toBeGreaterThan(1);
  expect(new Set(texts).size).toBeGreaterThan(4);
});

it("gives rows with equal prompts equal texts, unless a column tells them apart", async () => {
  const rows = Array.from({ length: 6 }, (_, id) => ({ prompt: "w1 w2", id }));
  const same = await load({ maxNewTokens: 12, temperature: 1 });
  expect(new Set(await generate(same.predictor, rows, 6)).size).toBe(1);
  const apart = await load({ maxNewTokens: 12, temperature: 1, seedColumn: "id" });
  const texts = await generate(apart.predictor, rows, 6);
  expect(new Set(texts).size).toBeGreaterThan(4);
  expect(await generate(apart.predictor, rows, 1)).toEqual(texts);
});

it("ends before a stop string that spans tokens", async () => {
  const free = await load({ maxNewTokens: 20 });
  const rows = prompts(12);
  const texts = (await generate(free.predictor, rows, 12)) as string[];
  const long = texts.find((text) => text.split(" ").length > 6) as string;
  const stop = long.slice(long.indexOf(" ", 3), long.indexOf(" ", 3) + 4);
  const stopped = await load({ maxNewTokens: 20, stop: [stop] });
  const cut = (await generate(stopped.predictor, rows, 12)) as string[];
  expect(cut).toEqual(texts.map((text) => text.split(stop)[0]));
  expect(cut).not.toEqual(texts);
  expect(stopped.session.runs.reduce((sum, [count]) => sum + count, 0)).toBeLessThan(free.session.runs.reduce((sum, [count]) => sum + count, 0));
});

it("counts tokens: new ones, both together, the least", async () => {
  const words = (text: unknown) => (text as string).split(" ").filter((word) => word !== "").length;
  const few = await load({ maxNewTokens: 3 });
  expect((await generate(few.predictor, prompts(9), 9)).every((text) => words(text) <= 3)).toBe(true);
  const total = await load({ maxLength: 6, minNewTokens: 99 });
  expect((await generate(total.predictor, prompts(9), 9)).map(words)).toEqual(prompts(9).map(({ prompt }) => Math.max(0, 6 - words(prompt))));
  const context = await load({ minNewTokens: 99 });
  expect((await generate(context.predictor, prompts(9), 9)).map(words)).toEqual(prompts(9).map(({ prompt }) => contextLength - words(prompt)));
});

it("takes a conversation through the chat template", async () => {
  const { predictor } = await load({ maxNewTokens: 9 });
  const messages = [{ role: "user", content: "w5 w6" }];
  expect(await generate(predictor, [{ prompt: messages }], 1)).toEqual(await generate(predictor, [{ prompt: "w0 w5 w6 w1" }], 1));
});

describe("errors", () => {
  const failing = async (prompt: unknown, options: Options = {}): Promise<unknown> => {
    const { predictor } = await load(options);
    return generate(predictor, [{ prompt: "w1" }, { prompt }], 2);
  };

  it("names the row, its tokens and the limit when a prompt is too long, unless it may be cut", async () => {
    const prompt = Array.from({ length: 50 }, (_, at) => `w${at % words}`).join(" ");
    await expect(failing(prompt)).rejects.toMatchObject({ code: "prompt-too-long", failure: "row", details: { rows: [1], tokens: 50, limit: contextLength } });
    const { predictor } = await load({ truncate: true, maxNewTokens: 10 });
    const end = prompt.split(" ").slice(-30).join(" ");
    expect(await generate(predictor, [{ prompt }], 1)).toEqual(await generate(predictor, [{ prompt: end }], 1));
  });

  it("refuses an empty prompt where the model has no token to begin with, and a missing one", async () => {
    await expect(failing("")).rejects.toMatchObject({ code: "empty-prompt", failure: "row", details: { rows: [1] } });
    await expect(failing(null)).rejects.toMatchObject({ code: "missing-value", failure: "row" });
    await expect(failing(7)).rejects.toMatchObject({ code: "wrong-type", failure: "row" });
  });

  it("refuses logits that are not numbers, and frees the cache", async () => {
    const { predictor, session } = await load({ maxNewTokens: 5 }, { poisonId: 13 });
    await expect(generate(predictor, [{ prompt: "w1 w2" }, { prompt: "w13 w1" }], 2)).rejects.toMatchObject({ code: "not-a-number", failure: "row", details: { rows: [1] } });
    expect(session.heldTensors).toBe(0);
  });

  it("ends between two steps when aborted", async () => {
    const abort = new AbortController();
    const { predictor, session } = await load({ minNewTokens: 99 });
    const run = session.run.bind(session);
    Object.assign(session, { run: (...args: Parameters<typeof run>) => {
      if (session.runs.length === 3) abort.abort(new Error("enough"));
      return run(...args);
    } });
    await expect(generate(predictor, prompts(4), 4, abort.signal)).rejects.toThrow("enough");
    expect(session.runs.length).toBe(4);
    expect(session.heldTensors).toBe(0);
  });

  it("refuses several greedy sequences, and options out of range", () => {
    const make = (options: Options) => () => textGeneration({ model: "x", input: "prompt", output: "text", ...options });
    expect(make({ numReturnSequences: 2 })).toThrow(/numReturnSequences/);
    expect(make({ numReturnSequences: 2, temperature: 0 })).toThrow(/numReturnSequences/);
    expect(make({ maxNewTokens: 0 })).toThrow(/maxNewTokens/);
    expect(make({ topP: 2 })).toThrow(/topP/);
    expect(make({ stop: [""] })).toThrow(/stop/);
  });
});
