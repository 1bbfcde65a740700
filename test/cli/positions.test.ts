import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtures, shell } from "./shoal.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-positions-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const job = join(fixtures, "typed-job.ts");
const lines = readFileSync(job, "utf8").split("\n");

/** Where in the job file a text begins, as an editor counts. */
function placeOf(text: string): string {
  const line = lines.findIndex((each) => each.includes(text));
  return `${job}:${line + 1}:${(lines[line] as string).indexOf(text) + 1}`;
}

const weighs = placeOf("new RangeError");

test("an error of a job's body is told with the line of the .ts file", async () => {
  expect(await shell(`BREAKS=body shoal run '${job}' -q`, folder)).toMatchObject({ code: 1, err: `error unexpected: too heavy\n  at weigh (${weighs})\n` });
}, 120_000);

test.each([
  ["map", "function-failed: map failed at items(4), row 3, {\"item\":3}: too heavy"],
  ["predict", "predictor-failed: predictor \"score\" failed at items(4), row 3, {\"n\":3}: too heavy"],
])("a row that fails in %s: message and dead letter say where it was thrown", async (where, message) => {
  const failed = await shell(`BREAKS=${where} shoal run '${job}' -q`, folder);
  expect(failed).toMatchObject({ code: 1, err: expect.stringContaining(`error ${message} (at ${weighs})\n`) as string });
  expect(failed.err).not.toMatch(/^ +at /m);
  const letters = `${where}.letters.jsonl`;
  expect(await shell(`BREAKS=${where} shoal run '${job}' -q --on-error dead-letter --dead-letters ${letters}`, folder)).toMatchObject({ code: 3, err: "" });
  expect(JSON.parse(readFileSync(join(folder, letters), "utf8"))).toMatchObject({ error: { message: "too heavy", details: { at: weighs } } });
}, 120_000);

test("a predictor that can't be set up is told with the line where it gave up", async () => {
  const failed = await shell(`BREAKS=setup shoal run '${job}' -q`, folder);
  expect(failed.code).toBe(1);
  expect(failed.err).toContain("no scales");
  expect(failed.err).toContain(placeOf("new Error(\"no scales\")"));
  expect(failed.err).not.toMatch(/packages\/(core|executor|workers)\//);
}, 120_000);
