// The tour of the design, compiled and run.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { fromItems, readParquet } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { textGeneration } from "shoal/transformers";
import { shoal } from "../cli/shoal.ts";
import { readmeExample } from "../packages/readme-example.ts";
import { score } from "./score.ts";

test("A: shoal run job.ts reads prompts, completes them in two actors, writes Parquet", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-tour-"));
  cpSync(fileURLToPath(new URL("./prompts", import.meta.url)), join(folder, "prompts"), { recursive: true });
  expect(await shoal(["run", fileURLToPath(new URL("./job.ts", import.meta.url))], folder)).toMatchObject({ code: 0 });
  const rows = await readParquet<{ prompt: string; completion: string }>(join(folder, "out/stories")).takeAll();
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

describe("the README's files run as they are, in a folder with what the clone has", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  let folder: string;
  beforeAll(async () => {
    // Inside the workspace, so that packages are found, there in their sources.
    mkdirSync(join(root, "test/out"), { recursive: true });
    folder = mkdtempSync(join(root, "test/out/readme-"));
    for (const path of ["apps/examples/quickstart/prompts", "test/tour/model.onnx"]) cpSync(join(root, path), join(folder, path), { recursive: true });
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    for (const name of ["job.ts", "opinions.ts", "score.ts", "night.ts"]) writeFileSync(join(folder, name), await readmeExample(`// ${name}`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("job.ts; a trial of it leaves its output as it is", { timeout: 120_000 }, async () => {
    expect(await shoal(["run", "job.ts", "-q"], folder)).toMatchObject({ code: 0, err: "" });
    const trial = await shoal(["run", "job.ts", "--limit", "20"], folder);
    expect(trial).toMatchObject({ code: 0, err: expect.stringMatching(/20 rows in 1 file: out\/stories\.limit-20$/m) as string });
    expect(trial.err).toContain("This is a trial, of 20 rows at most: they go to parquet(out/stories.limit-20/), beside parquet(out/stories/).");
    expect(await shoal(["run", "job.ts", "--limit", "20", "-q"], folder)).toMatchObject({ code: 0, err: "" });
    expect((await shoal(["inspect", "out/stories"], folder)).out).toContain("600 rows");
  });

  test("opinions.ts", async () => {
    expect(await shoal(["run", "opinions.ts"], folder)).toMatchObject({ code: 0, out: "I loved this film POSITIVE\nThe food was terrible NEGATIVE\n" });
  });

  test("score.ts", async () => {
    expect(await shoal(["run", "score.ts", "--quiet"], folder)).toMatchObject({ code: 0, err: "", out: '{"features":[1,2,3,4],"score":4321}\n' });
  });

  test("tsc accepts them with the tsconfig.json that the README shows", { timeout: 60_000 }, () => {
    const shown = JSON.parse(/^```json\n(.*?)^```/ms.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] as string) as { compilerOptions: object };
    // What else is said is for the sources of the packages, which no user compiles.
    const extra = { customConditions: ["@shoal/source"], skipLibCheck: true, lib: ["es2023", "esnext.disposable", "webworker"], exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...shown.compilerOptions, ...extra }, include: ["*.ts"] }));
    expect(spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "" });
  });

  test("in a clone where nothing was built an editor knows their types too: a column that is not there does not compile", { timeout: 60_000 }, () => {
    const job = join(folder, "typo.ts");
    writeFileSync(job, 'import { readParquet } from "shoal";\nreadParquet<{ label: string }>("in.parquet").select("lable");\n');
    onTestFinished(() => rmSync(job));
    // As for a file beside the README, but that a compiler which knows the projects of the packages waits for their dist; an editor reads their sources.
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.json"), include: ["typo.ts"], references: [] }));
    const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
    expect(stdout.split("\n").filter((line) => line.includes("typo.ts"))).toEqual([expect.stringMatching(/typo\.ts\(2,\d+\): error TS2345: Argument of type '"lable"'/)]);
  });

  test("night.ts leaves out the parts that are there", async () => {
    mkdirSync(join(folder, "out/night"), { recursive: true });
    for (const part of [1, 3]) writeFileSync(join(folder, `out/night/prompts-${part}.jsonl`), "done\n");
    expect(await shoal(["run", "night.ts", "--limit", "3"], folder)).toMatchObject({ code: 0 });
    const rows = ["1", "2.limit-3", "3"].map((part) => readFileSync(join(folder, `out/night/prompts-${part}.jsonl`), "utf8").trim().split("\n").length);
    expect(rows).toEqual([1, 3, 1]);
  });
});
