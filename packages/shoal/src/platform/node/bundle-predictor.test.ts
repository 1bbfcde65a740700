import type { TravellingFile } from "@shoal/cluster";
import type { ModulePredictorSpec } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { bundlePredictor } from "./bundle-predictor.ts";
import { words } from "./words.fixture.ts";

const { signal } = new AbortController();
const spec = { ...(words.spec as ModulePredictorSpec), args: { least: 1 } };
const other = (name: string, exported: string): ModulePredictorSpec => ({ ...spec, name: exported, export: exported, module: new URL(`./${name}.fixture.ts`, import.meta.url).href });
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
    await expect(bundlePredictor(other("with-file", "withFile"), signal)).rejects.toMatchObject({ code: "code-not-portable", message: expect.stringMatching(/with-file\.fixture\.ts reads \.\/model\.onnx beside it/) as string });
    await expect(bundlePredictor(other("with-native", "withNative"), signal)).rejects.toMatchObject({ code: "code-not-portable", message: expect.stringContaining("not-there.node") as string });
    await expect(bundlePredictor({ ...spec, module: "https://jobs.example/job.ts" }, signal)).rejects.toMatchObject({ code: "code-not-portable" });
  });
});
