import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

test("no output takes the place of what it is made from, whatever the two are called", async () => {
  mkdirSync(join(folder, "own"));
  const rows = '{"text":"good"}\n{"text":"bad"}\n';
  for (const name of ["own/a.jsonl", "own/part-00000.jsonl"]) writeFileSync(join(folder, name), rows);
  symlinkSync("own", join(folder, "other"));
  writeFileSync(join(folder, "own.mjs"), `import { readJsonl, jsonl } from ${JSON.stringify(import.meta.resolve("shoal"))};
const [read, write] = process.argv.slice(2);
export default readJsonl(read).to(jsonl(write, { mode: "overwrite" }));\n`);
  const infer = ["--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "--limit", "1", "--overwrite"];
  const refused = { code: 2, err: expect.stringMatching(/output-is-input: jsonl\(\S+\) would take the place of "\S*(a|part-00000)\.jsonl", which this run reads\.[^]*Write to another path/) as string };
  expect(await shoal(["infer", "other/a.jsonl", ...infer, "-o", "own/a.jsonl"], folder)).toMatchObject(refused);
  expect(await shoal(["run", "own.mjs", "own/*.jsonl", "./other/a.jsonl"], folder)).toMatchObject(refused);
  expect(await shoal(["run", "own.mjs", "own/part-00000.jsonl", "other"], folder)).toMatchObject(refused);
  for (const name of ["own/a.jsonl", "own/part-00000.jsonl"]) expect(readFileSync(join(folder, name), "utf8")).toBe(rows);
  expect(await shoal(["run", "own.mjs", "own/a.jsonl", "own/a"], folder)).toMatchObject({ code: 0 });
  expect(await shoal(["run", "own.mjs", "own/a.jsonl", "own/a"], folder)).toMatchObject({ code: 0 });
});

test("dead letters that are read are not lost to those of the output they are beside, nor to the run's own", async () => {
  const letters = "again.jsonl.dead-letters.jsonl";
  const rows = '{"row":{"id":1},"error":"x"}\n';
  writeFileSync(join(folder, letters), rows);
  writeFileSync(join(folder, "again.mjs"), `import { readJsonl, jsonl } from ${JSON.stringify(import.meta.resolve("shoal"))};
export default readJsonl(${JSON.stringify(letters)}).to(jsonl(process.argv[2], { mode: "overwrite" }));\n`);
  const refused = { code: 2, err: expect.stringMatching(/output-is-input: The [^]*dead letters[^]* would take the place of "\S*again\.jsonl\.dead-letters\.jsonl", which this run reads/) as string };
  expect(await shoal(["run", "again.mjs", "again.jsonl"], folder)).toMatchObject(refused);
  expect(await shoal(["run", "again.mjs", "--dead-letters", letters, "anew.jsonl"], folder)).toMatchObject(refused);
  writeFileSync(join(folder, "looks.mjs"), `import { readJsonl } from ${JSON.stringify(import.meta.resolve("shoal"))};\nfor await (const row of readJsonl(${JSON.stringify(letters)}).iterRows()) console.log(row);\n`);
  expect(await shoal(["run", "looks.mjs", "--dead-letters", letters], folder)).toMatchObject(refused);
  expect(readFileSync(join(folder, letters), "utf8")).toBe(rows);
  // A directory of that name keeps its dead letters in itself.
  expect(await shoal(["run", "again.mjs", "again"], folder)).toMatchObject({ code: 0 });
});
