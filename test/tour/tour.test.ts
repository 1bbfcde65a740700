// The tour of the design, compiled and run.
import { mkdtempSync, rmSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fromItems, readParquet } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { textGeneration } from "shoal/transformers";
import { shoal } from "../cli/shoal.ts";
import { score } from "./score.ts";

test("A: shoal run job.ts reads prompts, completes them in two actors, writes Parquet", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-tour-"));
  cpSync(fileURLToPath(new URL("./prompts", import.meta.url)), join(folder, "prompts"), { recursive: true });
  expect(await shoal(["run", fileURLToPath(new URL("./job.ts", import.meta.url))], folder)).toMatchObject({ code: 0 });
  const rows = await readParquet<{ prompt: string; completion: string }>(join(folder, "out")).takeAll();
  expect(rows.map((row) => row.prompt)).toEqual(["Once upon a time", "Today's weather", "Complete this"]);
  for (const row of rows) expect(row.completion).toMatch(/\w+ \w+/);
  rmSync(folder, { recursive: true });
});

test("B: a predictor of one's own loads its model once per actor", async () => {
  const rows = await fromItems([{ features: Float32Array.of(1, 2, 3, 4) }, { features: Float32Array.of(0, 0, 0, 1) }]).mapBatches(score).takeAll();
  expect(rows.map((row) => row.score)).toEqual([4321, 1000]);
});

test("C: functions run where they are written; nothing runs before the loop, and rows stream", async () => {
  let trimmed = 0;
  const rows = fromItems(["Complete this ", " for me"])
    .map((row) => (trimmed++, { prompt: row.item.trim() }))
    .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion" }), { batchSize: 2 });
  expect(trimmed).toBe(0);
  const seen: string[] = [];
  for await (const row of rows) seen.push(row.prompt + row.completion);
  expect(seen).toHaveLength(2);
  expect(seen[0]).toMatch(/^Complete this./);
});
