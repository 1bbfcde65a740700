import type { TravellingFile } from "@shoal/cluster";
import { startCoordinator } from "@shoal/coordinator";
import type { ModulePredictorSpec } from "@shoal/core";
import { connect, fromItems } from "shoal";
import { startAgent } from "shoal/agent";
import { describe, expect, test } from "vitest";
import { bundlePredictor } from "../../packages/shoal/src/platform/node/bundle-predictor.ts";
import { words } from "./fixtures/words.ts";

const { signal } = new AbortController();
const spec = { ...(words.spec as ModulePredictorSpec), args: { least: 1 } };
const other = (name: string, exported: string): ModulePredictorSpec => ({ ...spec, name: exported, export: exported, module: new URL(`./fixtures/${name}.ts`, import.meta.url).href });
const textOf = async (file: TravellingFile): Promise<string> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read(signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};

describe("a predictor's code", () => {
  test("is one module, the same each time, with what it imports and without shoal", async () => {
    const bundle = await bundlePredictor(spec, signal);
    const code = await textOf(bundle);
    expect(code).toContain("function plural(");
    expect(code).not.toMatch(/from\s*"(?!node:)|import\s*\(/);
    expect(bundle.bytes).toBeLessThan(20_000);
    expect((await bundlePredictor(spec, signal)).sha256).toBe(bundle.sha256);
  });

  test("does not travel where it reads a file beside it, or imports what is no code: both are named", async () => {
    await expect(bundlePredictor(other("with-file", "withFile"), signal)).rejects.toMatchObject({ code: "code-not-portable", message: expect.stringMatching(/with-file\.ts reads \.\/model\.onnx beside it/) as string });
    await expect(bundlePredictor(other("with-native", "withNative"), signal)).rejects.toMatchObject({ code: "code-not-portable", message: expect.stringContaining("not-there.node") as string });
    await expect(bundlePredictor({ ...spec, module: "https://jobs.example/job.ts" }, signal)).rejects.toMatchObject({ code: "code-not-portable" });
  });

  test("goes to a worker that allows it, and to no other", { timeout: 120_000 }, async () => {
    await using coordinator = await startCoordinator({ name: "the shed" });
    const workers = await Promise.all([true, false].map(async (allowCode, at) => startAgent(await coordinator.link(["work"]), { label: allowCode ? "trusting" : "careful", name: `code-${at}`, resources: { cpus: 1 }, allowCode })));
    await using cluster = await connect(await coordinator.link(["submit"]), { code: true });
    const counted = fromItems(Array.from({ length: 200 }, (_, id) => ({ text: "a ".repeat(1 + (id % 5)).trim() }))).mapBatches(words, { args: { least: 2 }, batchSize: 20 });
    expect(counted.explain({ on: cluster })).toContain("words: any device, memory not stated, code words.ts#words");
    const rows = await counted.takeAll(Infinity, { on: cluster });
    expect(rows.slice(0, 5)).toEqual([{ text: "a", words: "2 words" }, { text: "a a", words: "2 words" }, { text: "a a a", words: "3 words" }, { text: "a a a a", words: "4 words" }, { text: "a a a a a", words: "5 words" }]);
    expect(rows).toHaveLength(200);
    expect(counted.stats()).toMatch(/rows by worker: trusting 200/);
    await Promise.all(workers.map((worker) => worker.drain("the test is over")));
  });
});
