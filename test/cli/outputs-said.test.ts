import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shoal } from "./shoal.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-said-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const body = `import { range } from ${JSON.stringify(import.meta.resolve("shoal"))};\n`;

test("what the body of a file writes is said, each output once, and a resume that code always asks for says nothing of a fresh start", async () => {
  writeFileSync(join(folder, "night.mjs"), `${body}for (const n of [1, 3]) await range(n).writeJsonl(\`out/\${n}.jsonl\`, { resume: true });\n`);
  expect(await shoal(["run", "night.mjs"], folder)).toMatchObject({ code: 0, out: "", err: "1 row in 1 file: out/1.jsonl\n3 rows in 1 file: out/3.jsonl\n" });
});

test("who asked for it hears that there was nothing to resume", async () => {
  writeFileSync(join(folder, "fresh.mjs"), `${body}await range(1).writeJsonl("out/fresh.jsonl");\n`);
  expect((await shoal(["run", "fresh.mjs", "--resume"], folder)).err).toContain("There is nothing to resume for jsonl(out/fresh.jsonl)");
});

test("an output that the command names says that --limit cut it", async () => {
  writeFileSync(join(folder, "rows.mjs"), `${body}export default range(9);\n`);
  expect((await shoal(["run", "rows.mjs", "--limit", "2", "-o", "two.jsonl"], folder)).err).toMatch(/2 rows in 1 file: two\.jsonl\nnote: --limit 2 bounds what two\.jsonl holds\. The whole run needs --overwrite/);
});

test("infer does not replace the column that it reads", async () => {
  writeFileSync(join(folder, "texts.csv"), "text\ngood\n");
  const args = ["infer", "texts.csv", "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "text", "-o", "texts.jsonl"];
  expect(await shoal(args, folder)).toMatchObject({ code: 2, err: expect.stringMatching(/--output text is the column that --input reads[^]*Name another column/) as string });
  expect(existsSync(join(folder, "texts.jsonl"))).toBe(false);
});
