// A job that is killed at any moment goes on where it was.
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "@shoal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canMountDisks, smallDisk } from "../faults/small-disk.ts";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { job, Place } from "./killed-run.ts";

const limit = { timeout: 300_000 };
const place = new Place();
let wanted: Readonly<Record<string, string>>;
/** Of each row of the output, the row of the input. */
let ids: readonly number[];
let letters: readonly string[];

beforeAll(async () => {
  const { code, err } = await place.run([job, "-o", "whole.jsonl", "-q"]);
  if (code !== 3) throw new Error(err);
  wanted = place.output("whole.jsonl");
  letters = place.letters("whole.jsonl.dead-letters.jsonl");
  ids = (wanted[""] as string).trim().split("\n").map((line) => (JSON.parse(line) as { id: number }).id);
  place.notes("predicted");
  place.notes("opened");
}, 120_000);

afterAll(() => place.remove());

test("killed with -9 and resumed: byte for byte the same, and only what was in flight is predicted and read again", limit, async () => {
  expect([ids.length, letters.length]).toEqual([1881, 4]);
  const { rows } = await place.killAfter(900, "out.jsonl", [job, "-o", "out.jsonl", "-q"]);
  expect(existsSync(place.path("out.jsonl"))).toBe(false);
  place.notes("predicted");
  place.notes("opened");
  const resumed = await place.run([job, "-o", "out.jsonl", "--resume"]);
  expect(resumed).toMatchObject({ code: 3, err: expect.stringContaining(`Going on after ${rows.toLocaleString("en-US")} rows that are done`) as string });
  expect(resumed.err.match(/Going on after/g)).toHaveLength(1);
  const said = /^([\d,]+) rows in .*; ([\d,]+) rows were done before$/m.exec(resumed.err)?.slice(1).map((count) => Number(count.replace(",", ""))) ?? [];
  expect(said.reduce((sum, count) => sum + count, 0)).toBe(1881);
  expect(place.output("out.jsonl")).toEqual(wanted);
  expect(place.letters("out.jsonl.dead-letters.jsonl")).toEqual(letters);
  expect(readdirSync(place.folder).filter((name) => name.includes("unfinished"))).toEqual([]);

  const committed = new Set(ids.slice(0, rows));
  // A row that was cut apart, and those that fail at the border, come again.
  const again = new Set(place.notes("predicted").map(Number).filter((id) => committed.has(id)));
  expect(again.size).toBeLessThanOrEqual(1);
  const [first] = ids.slice(rows);
  const file = Math.floor((first as number) / 500);
  const opened = place.notes("opened");
  expect(opened.map((line) => line.split(" ")[0])).toEqual(Array.from({ length: 4 - file }, (_, at) => `${file + at}.jsonl`));
  expect(Number(opened[0]?.split(" ")[1])).toBeGreaterThan(Math.max(0, ((first as number) % 500) - 40));
});

test("whatever the format: folders, CSV, Parquet, Arrow, compressed", limit, async () => {
  const random = seededRandom(1);
  const outputs: readonly (readonly string[])[] = [["parts/", "--format", "jsonl", "--max-rows-per-file", "300"], ["out.csv.gz"], ["out.parquet"], ["out.arrow"]];
  for (const [output = "", ...flags] of outputs) {
    expect(await place.run([job, "-o", `whole-${output}`, ...flags, "-q"])).toMatchObject({ code: 3 });
    await place.killAfter(random.between(1, 1500), output, [job, "-o", output, ...flags, "-q"]);
    expect(await place.run([job, "-o", output, ...flags, "--resume", "-q"])).toMatchObject({ code: 3 });
    expect(place.output(output), `of ${output}`).toEqual(place.output(`whole-${output}`));
  }
});

test("killed twice, and once while it replays", limit, async () => {
  const args = [job, "-o", "twice.jsonl", "-q"];
  const first = await place.killAfter(300, "twice.jsonl", args);
  const owner = join(place.unfinished("twice.jsonl"), "owner.json");
  const { child, finished } = place.start([...args, "--resume"]);
  // It has taken over what the first one left; no row of its own can be there yet.
  // For a moment, while it does, the file is not there.
  const ownerNow = (): Promise<string> => readFile(owner, "utf8").catch(() => "");
  while ((JSON.parse((await ownerNow()) || "{}") as { pid?: number }).pid !== child.pid) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGKILL");
  await finished;
  expect(await place.rowsKept("twice.jsonl")).toBeGreaterThanOrEqual(first.rows);
  const second = await place.killAfter(first.rows + 200, "twice.jsonl", [...args, "--resume"]);
  expect(second.rows).toBeGreaterThan(first.rows);
  expect(await place.run([...args, "--resume"])).toMatchObject({ code: 3 });
  expect(place.output("twice.jsonl")).toEqual(wanted);
  expect(place.letters("twice.jsonl.dead-letters.jsonl")).toEqual(letters);
});

test("a ledger that is torn, or has bytes that changed, loses what follows and nothing else", limit, async () => {
  const args = [job, "-o", "torn.jsonl", "-q"];
  await place.killAfter(800, "torn.jsonl", args);
  const ledger = join(place.unfinished("torn.jsonl"), "ledger", "run.ledger");
  const bytes = readFileSync(ledger);
  truncateSync(ledger, bytes.byteLength - 77);
  appendFileSync(ledger, Buffer.alloc(500, 7));
  await place.killAfter(900, "torn.jsonl", [...args, "--resume"]);
  const damaged = readFileSync(ledger);
  const at = Math.floor(damaged.byteLength / 2);
  damaged[at] = (damaged[at] as number) ^ 0xff;
  writeFileSync(ledger, damaged);
  expect(await place.run([...args, "--resume"])).toMatchObject({ code: 3 });
  expect(place.output("torn.jsonl")).toEqual(wanted);
  expect(place.letters("torn.jsonl.dead-letters.jsonl")).toEqual(letters);
});

test("Ctrl-C keeps what is done and says how to go on", limit, async () => {
  const args = [job, "-o", "stopped.jsonl"];
  const { rows, ...result } = await place.killAfter(300, "stopped.jsonl", args, { signal: "SIGINT" });
  expect(result).toMatchObject({ code: 130, err: expect.stringContaining(`the ${rows.toLocaleString("en-US")} rows that are done are kept. Go on with them: the same command with --resume.`) as string });
  expect(await place.run([...args, "--resume", "-q"])).toMatchObject({ code: 3 });
  expect(place.output("stopped.jsonl")).toEqual(wanted);
});

test("an unfinished output is refused, resumed or replaced; what has changed is named", limit, async () => {
  const other = new Place();
  try {
    const args = (...more: readonly string[]): readonly string[] => [job, "-o", "out.jsonl", "-q", "in/*.jsonl", ...more];
    const { rows } = await other.killAfter(800, "out.jsonl", args());
    const refused = await other.run(args());
    expect(refused.err).toContain("error output-unfinished");
    for (const part of [`It has ${rows.toLocaleString("en-US")} rows`, "{ resume: true }", 'mode: "overwrite"', "--resume, --overwrite"]) expect(refused.err).toContain(part);

    const changed = async (...more: readonly string[]): Promise<string> => (await other.run(args(...more, "--resume"))).err;
    expect(await changed("closure")).toMatch(/error resume-changed[^]*Step 2, filter: its code has changed\./);
    expect(await changed("option")).toMatch(/error resume-changed[^]*predictor "mark": batches\.batchSize was 16 and is 20\./);
    expect(await changed("", "--limit", "1000")).toMatch(/error resume-changed[^]*Step \d+ is now limit/);
    const first = other.path("in", "0.jsonl");
    const before = readFileSync(first);
    appendFileSync(first, '{"id":1,"text":"new"}\n');
    expect(await changed()).toMatch(/error resume-changed[^]*The input in\/0\.jsonl has changed\./);
    rmSync(first);
    expect(await changed()).toMatch(/error resume-changed[^]*The input in place 1 was in\/0\.jsonl and is in\/1\.jsonl\./);
    expect(await other.rowsKept("out.jsonl"), "nothing is lost by that").toBe(rows);
    writeFileSync(first, before);
    expect(await other.run([...args(), "--overwrite"])).toMatchObject({ code: 3 });
    expect(other.output("out.jsonl")).toEqual(wanted);
  } finally {
    other.remove();
  }
});

test("with nothing to resume it starts and says so; what can't be read again says why", limit, async () => {
  const args = ["--limit", "100", "--resume"];
  expect((await place.run([job, "-o", "fresh.jsonl", ...args])).err).toContain("There is nothing to resume for jsonl(fresh.jsonl): this run starts at the first row.");
  const stdin = Array.from({ length: 50 }, (_, id) => `${JSON.stringify({ id, text: "x" })}\n`).join("");
  const streamed = await place.run([job, "-o", "stdin.jsonl", ...args, "-"], { stdin });
  expect(streamed).toMatchObject({ code: 0, err: expect.stringContaining("Nothing can be resumed: jsonl(-) can't be read again") as string });
  const printed = await place.run([job, "-o", "-", "--dead-letters", "failed.jsonl", ...args]);
  expect(printed.err).toContain("Nothing can be resumed: jsonl(-) keeps nothing that is unfinished");
  expect(printed.out.trim().split("\n")).toHaveLength(100);
});

test.skipIf(!canMountDisks())("a disk that is full ends the run; with more room it goes on", limit, async () => {
  const disk = smallDisk("200k");
  const small = new Place(disk.folder);
  const full = await small.run([job, "-o", "out.jsonl"]);
  expect(full).toMatchObject({ code: 1, err: expect.stringMatching(/rows that are done are kept[^]*error disk-full/) as string });
  const rows = (await small.rowsKept("out.jsonl")) ?? 0;
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(ids.length);
  disk.resize("8m");
  small.notes("predicted");
  expect(await small.run([job, "-o", "out.jsonl", "--resume", "-q"])).toMatchObject({ code: 3 });
  expect(small.output("out.jsonl")).toEqual(wanted);
  expect(small.letters("out.jsonl.dead-letters.jsonl")).toEqual(letters);
  const committed = new Set(ids.slice(0, rows));
  expect(new Set(small.notes("predicted").map(Number).filter((id) => committed.has(id))).size).toBeLessThanOrEqual(1);
});

for (const name of ["bun", "deno"] as const) {
  const runtime = findRuntime(name);
  test.skipIf(runtime === undefined)(`the same in ${name}`, limit, async () => {
    const command = (file: string): readonly string[] => [runtime?.path as string, ...(runtime?.command(file, "@shoal/source") ?? [])];
    const output = `${name}.jsonl`;
    await place.killAfter(500, output, [job, "-o", output, "-q"], { runtime: command });
    const resumed = await place.run([job, "-o", output, "--resume"], { runtime: command });
    expect(resumed).toMatchObject({ code: 3, err: expect.stringContaining("Going on after") as string });
    expect(place.output(output)).toEqual(wanted);
  });
}
