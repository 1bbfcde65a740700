import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtures, loadedBy, shoal } from "./shoal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-slips-"));
  writeFileSync(join(folder, "reviews.jsonl"), '{"review":"I loved this film"}\n{"review":"The food was terrible"}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const infer = (model: string, ...more: string[]): string[] => ["infer", "reviews.jsonl", "--task", "text-classification", "--model", model, "--input", "review", "--output", "label", ...more];

test("a slip in the name of a model that ships with Shoal is told, and nothing is asked of the hub", async () => {
  for (const [written, meant] of [["sentimen", "sentiment"], ["Sentiment", "sentiment"], ["story-teller", "storyteller"]] as const) {
    const failed = await shoal(infer(written), folder);
    expect(failed).toMatchObject({ code: 1, out: "", err: expect.stringMatching(new RegExp(`model-not-found: There is no model "${written}" that ships with Shoal[^]*Write --model ${meant}\\.`)) as string });
    expect(failed.err).not.toContain("Downloading");
  }
}, 120_000);

test("a model's directory that is not there, has no model in it, or is a file, is told before an actor starts", async () => {
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(folder, "model.onnx"), "");
  for (const [model, why] of [["./nowhere", "there is no directory ./nowhere"], ["empty", "has no config.json"], ["model.onnx", "that is a file"]] as const) {
    const failed = await shoal(infer(model), folder);
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining(why) as string });
    expect(failed.err).toMatch(/model-not-found[^]*→ Name the directory/);
    expect(failed.err).not.toContain("text-classification(");
  }
}, 120_000);

test("a slip loads neither what other machines need, nor Apache Arrow, nor a runtime of models", async () => {
  writeFileSync(join(folder, "there.jsonl"), "");
  const slips = [
    infer("./nowhere"), infer("sentiment", "--frobnicate"), infer("sentiment", "-o", "there.jsonl"),
    ["infer", "reviews.jsonl", "--task", "text-clasification"], ["infer", "nowhere.jsonl", ...infer("sentiment").slice(2)], ["run", "nowhere.ts"],
  ];
  for (const args of slips) {
    const { code, modules } = await loadedBy(args, folder);
    expect({ args, code }).not.toMatchObject({ code: 0 });
    expect({ args, needless: modules.filter((url) => /packages\/cluster\/|apps\/coordinator\/|apache-arrow|onnxruntime|\/ws\//.test(url)) }).toEqual({ args, needless: [] });
  }
}, 120_000);

test("a trial is noted once, and the help of --limit says of each command where its rows go", async () => {
  writeFileSync(join(folder, "trial.mjs"), `import { jsonl, range } from ${JSON.stringify(import.meta.resolve("shoal"))};\nexport default range(50).to(jsonl("numbers.jsonl"));\n`);
  const trial = await shoal(["run", "trial.mjs", "--limit", "20"], folder);
  expect(trial.code).toBe(0);
  expect(trial.err.match(/This is a trial/g)).toHaveLength(1);
  const limit = async (command: string): Promise<string> => /--limit <rows> +([^]*?)\n +--/.exec((await shoal([command, "--help"], folder)).out)?.[1]?.replace(/\s+/g, " ") ?? "";
  expect(await limit("run")).toMatch(/output that the job names stays as it is.*limit-20/);
  expect(await limit("infer")).toBe("stop after so many rows, for trying it out: they go where --out says, also to standard output");
  expect((await shoal(["run", join(fixtures, "fussy-job.ts"), "--limit", "2", "-q"], folder)).out.split("\n")).toHaveLength(3);
}, 120_000);

test("a file whose name deceives is told with the format that it has, and an empty folder as one", async () => {
  writeFileSync(join(folder, "lines.json"), '{"a":1}\n{"a":2}\n');
  writeFileSync(join(folder, "table.csv"), Buffer.concat([Buffer.from("PAR1"), Buffer.from([0xff, 0xb6, 0x01]), Buffer.from("PAR1")]));
  writeFileSync(join(folder, "book.xlsx"), "PK\u0003\u0004");
  mkdirSync(join(folder, "nothing"));
  for (const [name, why] of [
    ["lines.json", /invalid-json: lines\.json:2:1.*\n.*looks like JSON Lines.*read it as jsonl.*\n.*With this command: --input-format/],
    ["table.csv", /invalid-utf8: .*the file looks like Parquet\.\n.*read it as parquet\.\n.*With this command: --input-format/],
    ["book.xlsx", /unknown-format: .*\n.*save it as CSV/],
    ["nothing", /no-files: The folder nothing is empty/],
  ] as const) {
    const inspected = await shoal(["inspect", name], folder);
    expect(inspected.code).toBeGreaterThan(0);
    expect(inspected.err).toMatch(why);
  }
  expect((await shoal(["inspect", "lines.json", "--input-format", "jsonl"], folder)).out).toContain("1: a=2");
}, 120_000);

test("CSV of another delimiter is seen by its one column, and read with --delimiter", async () => {
  writeFileSync(join(folder, "semicolons.csv"), "id;review\n1;I loved this film\n");
  expect(await shoal(["inspect", "semicolons.csv"], folder)).toMatchObject({ code: 0, err: expect.stringMatching(/^note: the name of the only column .* --delimiter ";"/) as string });
  expect(await shoal(["inspect", "semicolons.csv", "--delimiter", ";"], folder)).toMatchObject({ code: 0, err: "", out: expect.stringContaining("0: id=1  review=") as string });
  const slip = ["infer", "semicolons.csv", ...infer("sentiment").slice(2)];
  expect((await shoal(slip, folder)).err).toMatch(/missing-column: [^]*With this command: --delimiter ";"/);
  expect(await shoal([...slip, "--delimiter", ";", "--quiet"], folder)).toMatchObject({ code: 0, out: expect.stringContaining('"label":') as string });
  expect(await shoal(infer("sentiment", "--delimiter", ";"), folder)).toMatchObject({ code: 2, err: expect.stringContaining("--delimiter is of CSV, and reviews.jsonl is read as jsonl.") as string });
}, 60_000);
