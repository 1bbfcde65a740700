import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { textGeneration, transformersBackend } from "@shoal/backend-transformers";
import { blockFromRows, silentLogger, type ActorContext, type Block } from "@shoal/core";
import { fakeLanguageModel } from "@shoal/testing";
import { golden, sharedModelsMissing, sharedPath } from "./load-transformers.ts";

it.skipIf(sharedModelsMissing)("GPT-2's tokenizer: the cost of a text is its 221 tokens, and a text that is too long says so", async () => {
  const { text, token_ids: ids } = golden<{ text: string; token_ids: number[] }>("gpt2-tokenizer");
  const model = await mkdtemp(join(tmpdir(), "shoal-gpt2-"));
  try {
    for (const file of ["tokenizer.json", "tokenizer_config.json", "config.json"]) await symlink(sharedPath(`models/gpt2-tokenizer/${file}`), join(model, file));
    await mkdir(join(model, "onnx"));
    await writeFile(join(model, "onnx", "model.onnx"), "");
    const { signal } = new AbortController();
    const actor: ActorContext = { device: "cpu", deviceIndex: 0, threads: 1, signal, log: silentLogger, count() {}, onnx: async () => fakeLanguageModel({ vocabulary: 50257 }) };
    const predictor = await transformersBackend().load(textGeneration({ model, input: "prompt", output: "text" }).spec as never, actor);
    const prepared = (await predictor.preprocess?.(blockFromRows([{ prompt: text }, { prompt: "" }]), signal)) as Block;
    const tokens = prepared.columns["shoal:ids"]?.values as readonly Int32Array[];
    expect(tokens.map((row) => [...row])).toEqual([ids, [50256]]);
    expect(Array.from(predictor.cost?.(prepared) ?? [])).toEqual([221, 1]);
    await expect(predictor.preprocess?.(blockFromRows([{ prompt: text.repeat(5) }]), signal)).rejects.toMatchObject({ code: "prompt-too-long", details: { tokens: 1105, limit: 1024 } });
  } finally {
    await rm(model, { recursive: true, force: true });
  }
});
