// What ends a command beside its run: errors that nobody caught, waiting in vain, outputs that can't be written.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtures, shell, shoal, startShoal } from "./shoal.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-untimely-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([["reject", "a stray rejection"], ["throw", "a late throw"]])("an error of a job that nobody catches (%s) ends its run in order: in words, with what is done kept", async (how, message) => {
  const here = mkdtempSync(join(folder, `${how}-`));
  const job = join(fixtures, "stray-job.ts");
  const ended = await shoal(["run", job, how], here);
  expect(ended).toMatchObject({ code: 1, signal: null, out: "" });
  expect(ended.err).toMatch(new RegExp(`rows that are done are kept[^]*error uncaught: .*${message}\\n[^]*stray-job\\.ts:`));
  expect(ended.err).not.toContain("Node.js v");
  expect(existsSync(join(here, "stray.jsonl"))).toBe(false);
  expect(await shoal(["run", job, "--resume", "--quiet"], here)).toMatchObject({ code: 0, err: "" });
  const ids = readFileSync(join(here, "stray.jsonl"), "utf8").trim().split("\n").map((line) => (JSON.parse(line) as { id: number }).id);
  expect(ids).toEqual(Array.from({ length: 1000 }, (_, id) => id));
  expect(readdirSync(here)).toEqual(["stray.jsonl"]);
}, 60_000);

test("where nothing runs yet, a late throw ends the command at once", async () => {
  writeFileSync(join(folder, "timer.mjs"), 'setTimeout(() => { throw new TypeError("too late"); });\nawait new Promise((resolve) => setTimeout(resolve, 3_600_000));\n');
  expect(await shoal(["run", "timer.mjs"], folder)).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^error uncaught: .*too late\n[^]*timer\.mjs:1/) as string });
});

test("a job file that waits for what never comes says so; a run under way ends in order first", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "waits.mjs"), "await new Promise(() => {});\n");
  expect(await shoal(["run", "waits.mjs"], folder)).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^error never-settles: The job file waits[^\n]*\n {2}→ [^\n]*\n$/) as string });
  writeFileSync(join(folder, "source.mjs"), `import { fromAsyncIterable, jsonl } from ${url};\nasync function* rows() {\n  yield { n: 1 };\n  await new Promise(() => {});\n}\nexport default fromAsyncIterable(rows).to(jsonl("waits.jsonl"));\n`);
  expect(await shoal(["run", "source.mjs"], folder)).toMatchObject({ code: 1, err: expect.stringContaining("error never-settles: ") as string });
  expect(readdirSync(folder).filter((name) => name.includes("waits.jsonl"))).toEqual([]);
});

test("a run that the file does not await is waited for, and what it throws is told", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "unawaited.mjs"), `import { jsonl, range } from ${url};\nvoid range(500).to(jsonl("unawaited.jsonl")).run();\n`);
  expect(await shoal(["run", "unawaited.mjs"], folder)).toMatchObject({ code: 0, err: expect.stringContaining("note: the file has ended while a run in it was under way") as string });
  expect(readFileSync(join(folder, "unawaited.jsonl"), "utf8").trim().split("\n")).toHaveLength(500);
  // There is an output now.
  expect(await shoal(["run", "unawaited.mjs"], folder)).toMatchObject({ code: 1, err: expect.stringContaining("output-exists") as string });
});

test("a run beside the job that a file exports is waited for too", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "beside.mjs"), `import { jsonl, range } from ${url};\nvoid range(40_000).map(({ id }) => ({ id, text: "x".repeat(50) })).to(jsonl("beside.jsonl")).run();\nexport default range(5).to(jsonl("exported.jsonl"));\n`);
  expect(await shoal(["run", "beside.mjs", "--quiet"], folder)).toMatchObject({ code: 0, err: "" });
  expect(readFileSync(join(folder, "beside.jsonl"), "utf8").trim().split("\n")).toHaveLength(40_000);
});

test("a run of which a file took a row by hand and no more does not keep the command", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "left.mjs"), `import { jsonl, range } from ${url};\nconst rows = range(100_000)[Symbol.asyncIterator]();\nconsole.log((await rows.next()).value);\nawait range(5).to(jsonl("left.jsonl")).run();\n`);
  expect(await shoal(["run", "left.mjs", "--quiet"], folder)).toMatchObject({ code: 0, out: "{ id: 0 }\n", err: "" });
  // One that takes its time over each row is waited for.
  writeFileSync(join(folder, "slow.mjs"), `import { setTimeout as sleep } from "node:timers/promises";\nimport { range } from ${url};\nvoid (async () => {\n  let rows = 0;\n  for await (const _ of range(3)) rows += await sleep(300, 1);\n  console.log(rows);\n})();\n`);
  expect(await shoal(["run", "slow.mjs", "--quiet"], folder)).toMatchObject({ code: 0, out: "3\n" });
});

test("what never comes after a row that was taken by hand is told", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "half.mjs"), `import { range } from ${url};\nconst rows = range(1000)[Symbol.asyncIterator]();\nawait rows.next();\nawait new Promise(() => {});\n`);
  expect(await shoal(["run", "half.mjs"], folder)).toMatchObject({ code: 1, err: expect.stringContaining("error never-settles: ") as string });
});

test.skipIf(process.platform !== "linux").each([["output-closed", "| head -n 1 > first.txt"], ["disk-full", "> /dev/full"]])("events that can't be written end the run in order: %s", async (code, where) => {
  const here = mkdtempSync(join(folder, `${code}-`));
  const ended = await shell(`(shoal run '${join(fixtures, "endless-job.ts")}' --json; echo $? > code.txt) ${where}`, here);
  expect(ended.err).toMatch(new RegExp(`^error ${code}: Can't write to standard output: [^\\n]*\\n {2}→ [^\\n]*\\n$`));
  expect(readFileSync(join(here, "code.txt"), "utf8")).toBe("1\n");
  expect(readdirSync(here).filter((name) => name.includes("endless"))).toEqual([]);
});

test.skipIf(process.platform !== "linux")("what is lost at the very end is an error too", async () => {
  const ended = await shell("echo '{\"id\":1}' > one.jsonl; shoal inspect one.jsonl > /dev/full", folder);
  expect(ended).toMatchObject({ code: 1, err: expect.stringMatching(/^error disk-full: Can't write to standard output/) as string });
  expect(await shell("shoal --help > /dev/full", folder)).toMatchObject({ code: 1, err: expect.stringContaining("error disk-full") as string });
});

test.skipIf(process.platform !== "linux")("a standard error that can't be written takes nothing from a run, and its actors nothing from theirs", async () => {
  const job = join(fixtures, "talking-job.ts");
  for (const [at, where] of ["2> /dev/full", "2>&-", "2> >(true)"].entries()) {
    const ended = await shell(`shoal run '${job}' -o untold-${at}.jsonl ${where}`, folder);
    expect(ended).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, `untold-${at}.jsonl`), "utf8")).toBe('{"id":0}\n{"id":1}\n');
  }
  expect(await shell("shoal inspect nowhere.jsonl 2> /dev/full", folder)).toMatchObject({ code: 1, out: "", err: "" });
}, 60_000);

test("a job that calls process.exit in mid-run has failed, and says so; one that calls it when all is done has not", async () => {
  const url = JSON.stringify(import.meta.resolve("shoal"));
  writeFileSync(join(folder, "exits.mjs"), `import { jsonl, range } from ${url};\nexport default range(1000).map(({ id }) => {\n  if (id === 700) process.exit(0);\n  return { id };\n}).to(jsonl("exits.jsonl"));\n`);
  expect(await shoal(["run", "exits.mjs", "--quiet"], folder)).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^error exited-early: [^]*--resume/) as string });
  expect(existsSync(join(folder, "exits.jsonl"))).toBe(false);
  writeFileSync(join(folder, "done.mjs"), `import { jsonl, range } from ${url};\nawait range(5).to(jsonl("done.jsonl")).run();\nprocess.exit(0);\n`);
  expect(await shoal(["run", "done.mjs", "--quiet"], folder)).toMatchObject({ code: 0, err: "" });
});

test("a function that never gives way hears no signal; SIGQUIT, as of Ctrl-\\, ends the command all the same", async () => {
  const here = mkdtempSync(join(folder, "busy-"));
  writeFileSync(join(here, "busy.mjs"), `import { writeFileSync } from "node:fs";
import { jsonl, range } from ${JSON.stringify(import.meta.resolve("shoal"))};
export default range(5).map(() => {
  writeFileSync("reached", "");
  for (;;) {}
}).to(jsonl("busy.jsonl"));\n`);
  const { child, finished } = startShoal(["run", "busy.mjs", "--quiet"], here);
  while (!existsSync(join(here, "reached"))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGTERM");
  child.kill("SIGQUIT");
  expect(await finished).toMatchObject({ code: null, signal: "SIGQUIT" });
  expect(existsSync(join(here, "busy.jsonl"))).toBe(false);
});
