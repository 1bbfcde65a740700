import { readFile, stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { sentiment as sentimentInPages, storyteller as storytellerInPages } from "./browser.ts";
import { sentiment, storyteller } from "./index.ts";

const MAX_BYTES = 3 * 1024 * 1024;
const FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "golden.json", "onnx/model.onnx"];

interface Tokenizer {
  readonly model: { readonly type: string; readonly vocab: Record<string, number> };
}
interface Golden {
  readonly cases: readonly { readonly input_ids: readonly number[]; readonly tokens?: readonly number[]; readonly label?: string }[];
}

describe.each([
  ["storyteller", storyteller, storytellerInPages, [...FILES, "generation_config.json"]],
  ["sentiment", sentiment, sentimentInPages, FILES],
])("%s", (name, model, inPages, files) => {
  it("is whole, and small enough to ship", async () => {
    const sizes = await Promise.all(files.map(async (file) => (await stat(new URL(file, model))).size));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_BYTES);
  });

  it("stays itself as JSON, as plans are", () => {
    expect(JSON.parse(JSON.stringify({ model }))).toEqual({ model });
    expect(model).toMatch(/^file:.*\/$/);
  });

  it("is in a page a list of the same files, called by its name", async () => {
    const [list = "", called] = inPages.split("#");
    const listed = (await (await fetch(list)).json()) as Record<string, string>;
    expect(called).toBe(name);
    expect(listed).toEqual(Object.fromEntries(files.filter((file) => file !== "golden.json").map((file) => [file, new URL(file, model).href])));
  });

  it("has a tokenizer of the size its config tells, and golden tokens within it", async () => {
    const { vocab_size: size } = await readJson<{ vocab_size: number }>(model, "config.json");
    const tokenizer = await readJson<Tokenizer>(model, "tokenizer.json");
    const ids = Object.values(tokenizer.model.vocab);
    expect(new Set(ids).size).toBe(size);
    expect(Math.max(...ids)).toBe(size - 1);
    const { cases } = await readJson<Golden>(model, "golden.json");
    for (const { input_ids, tokens = [] } of cases) {
      expect(Math.max(...input_ids, ...tokens)).toBeLessThan(size);
    }
  });
});

describe("configs", () => {
  it("storyteller is a GPT-2 whose end token is the one its tokenizer names", async () => {
    const config = await readJson<Record<string, unknown>>(storyteller, "config.json");
    expect(config).toMatchObject({ model_type: "gpt2", n_layer: 3, n_head: 4, n_embd: 96, n_positions: 256 });
    const names = await readJson<Record<string, string>>(storyteller, "tokenizer_config.json");
    const { model } = await readJson<Tokenizer>(storyteller, "tokenizer.json");
    expect(model.vocab[names["eos_token"]!]).toBe(config["eos_token_id"]);
    expect(model.vocab[names["pad_token"]!]).toBe(config["pad_token_id"]);
  });

  it("storyteller's golden rows end at different steps", async () => {
    const { cases } = await readJson<Golden>(storyteller, "golden.json");
    expect(new Set(cases.map(({ tokens }) => tokens!.length)).size).toBeGreaterThan(1);
  });

  it("sentiment is a BERT with the two labels, and its golden sentences have both", async () => {
    const config = await readJson<Record<string, unknown>>(sentiment, "config.json");
    expect(config).toMatchObject({ model_type: "bert", id2label: { "0": "NEGATIVE", "1": "POSITIVE" } });
    const { cases } = await readJson<Golden>(sentiment, "golden.json");
    expect(new Set(cases.map(({ label }) => label))).toEqual(new Set(["NEGATIVE", "POSITIVE"]));
  });
});

async function readJson<T>(model: string, file: string): Promise<T> {
  return JSON.parse(await readFile(new URL(file, model), "utf8")) as T;
}
