import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtures, shoal, startShoal } from "./shoal.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-cli-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("--help tells commands and exit codes; a wrong flag is usage, exit 2, and says where help is", async () => {
  const help = await shoal(["--help"], folder);
  expect(help).toMatchObject({ code: 0, err: "" });
  for (const word of ["run", "infer", "inspect", "doctor", "Exit codes"]) expect(help.out).toContain(word);
  const wrong = await shoal(["run", "--nonsense"], folder);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toMatch(/unknown option '--nonsense'[^]*--help/);
  expect(await shoal(["run", "nowhere.ts"], folder)).toMatchObject({ code: 2, err: expect.stringContaining("no job file") as string });
});

test("infer: CSV in, labels out, no code", async () => {
  writeFileSync(join(folder, "reviews.csv"), "id,text\n1,I loved this film\n2,The food was terrible\n");
  const args = ["infer", "reviews.csv", "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "-o", "labels.jsonl", "--quiet"];
  expect(await shoal(args, folder)).toMatchObject({ code: 0, err: "", out: "" });
  const rows = readFileSync(join(folder, "labels.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { id: number; label: string });
  expect(rows.map((row) => [row.id, row.label])).toEqual([[1, "POSITIVE"], [2, "NEGATIVE"]]);
  const again = await shoal(args, folder);
  expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/output-exists[^]*\{ mode: "overwrite" \}[^]*With this command: --overwrite/) as string });
});

test("where the job names its output, the hint says what to change in the job, and no flag that has no effect there", async () => {
  const job = join(fixtures, "named-job.ts");
  writeFileSync(join(folder, "named.jsonl"), "");
  const { code, err } = await shoal(["run", job], folder);
  expect(code).toBe(1);
  expect(err).toMatch(/output-exists[^]*To start anew, in the job: jsonl\("named\.jsonl", \{ mode: "overwrite" \}\)/);
  expect(err).not.toContain("--overwrite");
  const refused = await shoal(["run", job, "--overwrite"], folder);
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/--overwrite has no effect here[^]*Say it where the output is named, as in parquet\("out\/", \{ mode: "overwrite" \}\)/) as string });
});

test("a row without a text is named as a person counts, and the flag that lets it go", async () => {
  writeFileSync(join(folder, "gaps.csv"), "id,text\n1,so good\n2,so bad\n3,\n");
  const args = ["infer", "gaps.csv", "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "-o", "gaps.jsonl", "--quiet"];
  const failed = await shoal(args, folder);
  expect(failed).toMatchObject({ code: 1, err: expect.stringMatching(/missing-value: .* failed at .*gaps\.csv, row 3, .*Column "text" has nothing[^]*With this command: --on-error skip/) as string });
  expect(failed.err).not.toMatch(/of the block|tried/);
  expect(await shoal([...args, "--on-error", "dead-letter"], folder)).toMatchObject({ code: 3 });
  const [letter] = readFileSync(join(folder, "gaps.jsonl.dead-letters.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as object);
  expect(letter).toMatchObject({ source: expect.stringMatching(/gaps\.csv, row 3$/) as string, error: { message: 'Column "text" has nothing where a text is wanted.', details: { column: "text" } } });
});

test("a file that can't be read is no row that fails: no flag lets it go, and what is asked is asked of the command", async () => {
  writeFileSync(join(folder, "ragged.csv"), "id,text\n1,good film\n2\n3,bad film\n");
  writeFileSync(join(folder, "ragged-too.csv"), "id;text\n1;good film\n2\n");
  writeFileSync(join(folder, "bad.jsonl"), '{"text":"good film"}\n{"text":\n');
  const infer = (file: string, ...more: string[]): string[] => ["infer", file, "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "--quiet", ...more];
  for (const [file, code, ...more] of [["ragged.csv", "ragged-row"], ["ragged.csv", "ragged-row", "--on-error", "skip"], ["bad.jsonl", "invalid-json"], ["ragged-too.csv", "ragged-row", "--delimiter", ";"]] as const) {
    const { code: exit, err } = await shoal(infer(file, ...more), folder);
    expect(exit).toBe(1);
    expect(err).toContain(`error ${code}: `);
    expect(err).not.toMatch(/--on-error|\{ delimiter/);
    expect(err.includes('Is the delimiter right (--delimiter ";")?')).toBe(file === "ragged.csv");
  }
}, 120_000);

test("a failing row: fail names it and publishes nothing, exit 1; dead-letter keeps it, exit 3", async () => {
  const job = join(fixtures, "fussy-job.ts");
  const failed = await shoal(["run", job, "-o", "fussy"], folder);
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/fussy[^]*three is too much/);
  expect(existsSync(join(folder, "fussy"))).toBe(false);
  const kept = await shoal(["run", job, "-o", "fussy", "--format", "jsonl", "--on-error", "dead-letter"], folder);
  expect(kept.code).toBe(3);
  expect(kept.err).toContain("7 rows");
  const letters = readFileSync(join(folder, "fussy", "_dead-letters.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as object);
  expect(letters).toEqual([expect.objectContaining({ row: { id: 3 }, error: expect.objectContaining({ message: expect.stringContaining("three is too much") as string }) as object })]);
});

test("rows go to standard output alone; --json gives events; --limit reaches the job", async () => {
  const job = join(fixtures, "fussy-job.ts");
  const rows = await shoal(["run", job, "--limit", "3", "--quiet"], folder);
  expect(rows).toMatchObject({ code: 0, err: "", out: '{"id":0,"twice":0}\n{"id":1,"twice":2}\n{"id":2,"twice":4}\n' });
  const events = await shoal(["run", job, "--limit", "3", "--json", "--out", "three.jsonl"], folder);
  const kinds = events.out.trim().split("\n").map((line) => (JSON.parse(line) as { kind: string }).kind);
  expect(kinds[0]).toBe("run-started");
  expect(kinds.at(-1)).toBe("run-finished");
});

test("what would be ignored is refused: -o for a job that names its sink, an ending that means nothing", async () => {
  const named = await shoal(["run", join(fixtures, "slow-job.ts"), "-o", "elsewhere"], folder);
  expect(named).toMatchObject({ code: 2, err: expect.stringContaining("--output has no effect here: the job names its own sink, jsonl(forever/)") as string });
  const strange = await shoal(["run", join(fixtures, "fussy-job.ts"), "--limit", "1", "-o", "rows.xyz"], folder);
  expect(strange).toMatchObject({ code: 2, err: expect.stringContaining("unknown-format") as string });
  for (const place of [".", "s3://bucket/out.jsonl"]) {
    expect(await shoal(["run", join(fixtures, "fussy-job.ts"), "--limit", "1", "--format", "jsonl", "-o", place], folder)).toMatchObject({ code: 2, err: expect.stringContaining("unwritable-location") as string });
  }
  expect(readdirSync(folder).filter((name) => /elsewhere|xyz/.test(name))).toEqual([]);
});

test("with the rows on standard output, events go to standard error", async () => {
  const result = await shoal(["run", join(fixtures, "fussy-job.ts"), "--limit", "1", "--json"], folder);
  expect(result).toMatchObject({ code: 0, out: '{"id":0,"twice":0}\n' });
  expect(JSON.parse(result.err.split("\n")[0] as string)).toMatchObject({ kind: "run-started" });
});

test("what a job logs goes to standard error where standard output has rows or events", async () => {
  const job = join(fixtures, "talking-job.ts");
  const said = ["the file was loaded", "the function is called", "the predictor predicts", "row 0 comes by"];
  const rows = await shoal(["run", job, "--quiet"], folder);
  expect(rows).toMatchObject({ code: 0, out: '{"id":0}\n{"id":1}\n' });
  for (const words of said) expect(rows.err).toContain(words);
  const events = await shoal(["run", job, "--json", "-o", "talked.jsonl"], folder);
  for (const line of events.out.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("kind");
  for (const words of said) expect(events.err).toContain(words);
  writeFileSync(join(folder, "handing-on.mjs"), `export { default } from ${JSON.stringify(pathToFileURL(job).href)};\n`);
  const handedOn = await shoal(["run", "handing-on.mjs", "--quiet"], folder);
  expect(handedOn).toMatchObject({ code: 0, out: '{"id":0}\n{"id":1}\n' });
  const neither = await shoal(["run", job, "--quiet", "-o", "talked.csv"], folder);
  expect(neither).toMatchObject({ code: 0, out: "row 0 comes by\nrow 1 comes by\n" });
  expect(await shoal(["run", join(fixtures, "body-job.ts"), "--json", "--on-error", "skip"], folder)).toMatchObject({ code: 0, out: expect.not.stringContaining("7 rows\n") as string, err: expect.stringContaining("7 rows\n") as string });
}, 60_000);

test("dead letters of a job that runs in its file's body decide the exit code too; a file that runs nothing says so", async () => {
  const letters = await shoal(["run", join(fixtures, "body-job.ts"), "--on-error", "dead-letter", "--dead-letters", "letters.jsonl"], folder);
  expect(letters).toMatchObject({ code: 3, out: "7 rows\n" });
  expect(readFileSync(join(folder, "letters.jsonl"), "utf8")).toContain('"row":{"id":3}');
  const homeless = await shoal(["run", join(fixtures, "body-job.ts"), "--on-error", "dead-letter"], folder);
  expect(homeless).toMatchObject({ code: 1, err: expect.stringContaining("no-place-for-dead-letters") as string });
  writeFileSync(join(folder, "nothing.mjs"), "export const nothing = 1;\n");
  expect((await shoal(["run", "nothing.mjs"], folder)).err).toContain("came to its end without a run");
  const shoalUrl = import.meta.resolve("shoal");
  writeFileSync(join(folder, "caught.mjs"), `import { readJsonl } from ${JSON.stringify(shoalUrl)};\nawait readJsonl("nowhere.jsonl").takeAll().catch((error) => console.log(error.code));\n`);
  expect(await shoal(["run", "caught.mjs", "--quiet"], folder)).toMatchObject({ code: 0, out: "file-not-found\n", err: "" });
});

test("--resume says that it had no effect where the runs in a file's body write nothing, and goes on where one does; --explain lets none begin", async () => {
  const shoalUrl = JSON.stringify(import.meta.resolve("shoal"));
  const file = (name: string, body: string): void => writeFileSync(join(folder, name), `import { range } from ${shoalUrl};\n${body}\n`);
  file("reads.mjs", "for await (const { id } of range(2)) console.log(id);");
  expect(await shoal(["run", "reads.mjs", "--quiet"], folder)).toMatchObject({ code: 0, out: "0\n1\n" });
  expect(await shoal(["run", "reads.mjs", "--resume"], folder)).toMatchObject({ code: 0, out: "0\n1\n", err: expect.stringContaining("note: --resume had no effect") as string });
  const refused = { code: 2, out: "", err: expect.stringContaining("bad-option: --explain needs a default export") as string };
  expect(await shoal(["run", "reads.mjs", "--explain"], folder)).toMatchObject(refused);
  file("nothing-runs.mjs", "");
  expect(await shoal(["run", "nothing-runs.mjs", "--explain"], folder)).toMatchObject({ code: 2, err: expect.stringContaining("--explain has no effect here") as string });
  file("writes.mjs", 'await range(2).writeJsonl("resumed.jsonl");');
  expect(await shoal(["run", "writes.mjs", "--explain", "--code"], folder)).toMatchObject(refused);
  expect(existsSync(join(folder, "resumed.jsonl"))).toBe(false);
  file("looks-first.mjs", "const [first] = await range(1).takeAll();\nexport default range(first.id + 2);");
  expect(await shoal(["run", "looks-first.mjs", "--explain"], folder)).toMatchObject({ code: 0, out: expect.stringContaining("range") as string });
  expect(await shoal(["run", "writes.mjs", "--resume", "--quiet"], folder)).toMatchObject({ code: 0, err: "" });
}, 120_000);

test("dead letters that have no place are refused before anything is loaded, with flags that help", async () => {
  const job = join(fixtures, "shouting-job.ts");
  const homeless = await shoal(["run", job], folder);
  expect(homeless).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/error no-place-for-dead-letters[^]*With this command: --dead-letters failed\.jsonl, or -o out\.jsonl$/m) as string });
  expect(homeless.err).not.toMatch(/loaded|--on-error/);
  expect(await shoal(["run", job, "--dead-letters", "shouted.jsonl"], folder)).toMatchObject({ code: 3, out: expect.stringMatching(/^({"id":[0124567]}\n){7}$/) as string });
  expect(await shoal(["run", job, "-o", "shouted-out.jsonl"], folder)).toMatchObject({ code: 3 });
});

test("an empty input gives an output with the columns that are known", async () => {
  writeFileSync(join(folder, "empty.jsonl"), "");
  const args = ["infer", "empty.jsonl", "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "-o", "empty.csv", "-q"];
  expect(await shoal(args, folder)).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "empty.csv"), "utf8").trim()).toBe("label");
});

test("a plain script runs once, although its actors import it", async () => {
  const result = await shoal(["run", join(fixtures, "script.ts"), "script.out"], folder);
  expect(result).toMatchObject({ code: 0 });
  const lines = readFileSync(join(folder, "script.out"), "utf8").trim().split("\n");
  expect(lines).toEqual([JSON.stringify([{ item: "a", upper: "A" }, { item: "b", upper: "B" }])]);
});

test("Ctrl-C ends in order: exit 130, no output, no unfinished output, no process left", async () => {
  const { child, finished } = startShoal(["run", join(fixtures, "slow-job.ts")], folder);
  const pids = await actorPids(child.stderr as NodeJS.ReadableStream, 2);
  child.kill("SIGINT");
  const result = await finished;
  expect(result).toMatchObject({ code: 130, err: expect.stringMatching(/Interrupted\.[^]*No row of what was under way is kept[^]*starts at its first row/) as string });
  expect(readdirSync(folder).filter((name) => name.includes("forever"))).toEqual([]);
  expect(pids.filter(isAlive)).toEqual([]);
});

test("kill -9 of the command leaves no actor a second later", async () => {
  const { child, finished } = startShoal(["run", join(fixtures, "slow-job.ts")], mkdtempSync(join(folder, "killed-")));
  const pids = await actorPids(child.stderr as NodeJS.ReadableStream, 2);
  child.kill("SIGKILL");
  await finished;
  const deadline = Date.now() + 1000;
  while (pids.some(isAlive) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(pids.filter(isAlive)).toEqual([]);
});

test("inspect shows columns, types and rows; doctor tries the devices", async () => {
  writeFileSync(join(folder, "some.jsonl"), '{"id":1,"text":"a"}\n{"id":2,"text":null}\n');
  const inspected = await shoal(["inspect", "some.jsonl"], folder);
  expect(inspected).toMatchObject({ code: 0 });
  expect(inspected.out).toMatch(/id +float64\n +text +utf8, may be missing\n0: id=1 +text="a"/);
  expect(await shoal(["run", "some.jsonl"], folder)).toMatchObject({ code: 2, err: expect.stringMatching(/no-job: some\.jsonl is no job file[^]*shoal inspect some\.jsonl/) as string });
  writeFileSync(join(folder, "other.csv"), "id\n1\n");
  expect(await shoal(["inspect", "some.jsonl", "other.csv"], folder)).toMatchObject({ code: 2, err: expect.stringContaining("files of several formats") as string });
  writeFileSync(join(folder, "vectors.jsonl"), '{"vector":[1,2.5]}\n{"vector":[3,4]}\n');
  expect(JSON.parse((await shoal(["inspect", "vectors.jsonl", "--json"], folder)).out)).toMatchObject({ rows: null, sample: [{ vector: [1, 2.5] }, { vector: [3, 4] }] });
  const doctor = await shoal(["doctor"], folder);
  expect(doctor.code).toBe(0);
  expect(doctor.out).toMatch(/device +cpu +works/);
  expect(doctor.out).toMatch(/^auto +(the fastest of .*)?cpu$/m);
}, 60_000);

/** Resolves when so many different actors have spoken. */
function actorPids(stream: NodeJS.ReadableStream, wanted: number): Promise<number[]> {
  const pids = new Set<number>();
  let text = "";
  return new Promise((resolve, reject) => {
    stream.on("data", (data: string) => {
      text += data;
      for (const match of text.matchAll(/actor (\d+)\n/g)) pids.add(Number(match[1]));
      if (pids.size >= wanted) resolve([...pids]);
    });
    stream.on("end", () => reject(new Error(`only ${pids.size} actors spoke:\n${text}`)));
  });
}

/** A zombie is dead: who inherits the processes of a killed parent may take its time to bury them. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(existsSync("/proc/self") ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
  } catch {
    return false;
  }
}

test("dead letters take the place of older ones, and of nothing else; that is seen before a row is read", async () => {
  const args = (path: string): string[] => ["run", join(fixtures, "body-job.ts"), "--on-error", "dead-letter", "--quiet", "--dead-letters", path];
  writeFileSync(join(folder, "precious.jsonl"), '{"text":"years of work"}\n');
  expect(await shoal(args("precious.jsonl"), folder)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("error output-not-ours: ") as string });
  expect(readFileSync(join(folder, "precious.jsonl"), "utf8")).toBe('{"text":"years of work"}\n');
  expect(await shoal(args("."), folder)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("error is-a-directory: ") as string });
  expect(await shoal(args("new/folder/letters.jsonl"), folder)).toMatchObject({ code: 3 });
  const letters = readFileSync(join(folder, "new/folder/letters.jsonl"), "utf8");
  expect(await shoal(args("new/folder/letters.jsonl"), folder)).toMatchObject({ code: 3 });
  expect(readFileSync(join(folder, "new/folder/letters.jsonl"), "utf8")).toBe(letters);
});
