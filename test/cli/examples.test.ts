import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shoal } from "./shoal.ts";

const examples = fileURLToPath(new URL("../../apps/examples/", import.meta.url));

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "shoal-examples-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

// Outputs of the examples lie under the working directory.
test("quickstart: prompts from files, completions in Parquet", { timeout: 120_000 }, async () => {
  expect(await shoal(["run", join(examples, "quickstart/job.ts"), "--limit", "40"], folder)).toMatchObject({ code: 0, err: expect.stringContaining("40 rows in") as string });
  const seen = await shoal(["inspect", "out/quickstart.limit-40", "--rows", "1"], folder);
  expect(seen.out).toMatch(/40 rows, 2 columns[^]*prompt[^]*completion=/);
});

test("many-machines: stories, shared; nobody comes", { timeout: 120_000 }, async () => {
  const run = await shoal(["run", join(examples, "many-machines/stories.ts"), "--limit", "40", "--share", "--volunteers"], folder);
  expect(run).toMatchObject({ code: 0, err: expect.stringMatching(/Lend a tab or a phone +http:[^]*40 rows in 1 file/) as string });
  expect((await shoal(["inspect", "out/many-machines.limit-40", "--rows", "1"], folder)).out).toMatch(/40 rows, 3 columns[^]*story=/);
});
