// `shoal run --share` in one terminal, `shoal work` in others: real processes, real sockets.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { RunStats } from "@shoal/executor";
import { startReading, type Reading } from "./reading.ts";

const main = fileURLToPath(new URL("../../packages/shoal/src/cli/main.ts", import.meta.url));
const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
const job = fileURLToPath(new URL("./fixtures/job.ts", import.meta.url));
const resumable = fileURLToPath(new URL("./fixtures/resumable-job.ts", import.meta.url));
const linksLine = /^(\{"kind":"links".*\})$/m;
/** The predictor has given rows. */
const done = /"name":"text-classification[^}]*"rowsOut":[1-9]/;
const anyLink = /shoal work "(http[^"]+)"/;

let folder: string;
/** What one machine writes. */
let expected: string;

interface Running {
  readonly child: ChildProcess;
  readonly out: Reading;
  readonly err: Reading;
  readonly code: Promise<number | null>;
}

function shoal(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, ["--conditions=@shoal/source", `--import=${loader}`, main, ...args], { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, out: startReading(child.stdout), err: startReading(child.stderr), code: new Promise((resolve) => child.on("close", resolve)) };
}

const output = (name: string): string => readFileSync(join(folder, name), "utf8");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "shoal-share-"));
  const child = spawn(process.execPath, ["--conditions=@shoal/source", `--import=${loader}`, main, "run", job, "--quiet"], { cwd: folder, env: { ...process.env, SHOAL_OUT: "plain.jsonl" }, stdio: ["ignore", "ignore", "inherit"] });
  await new Promise((resolve) => child.on("close", resolve));
  expected = output("plain.jsonl");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => ["go", "guest"].forEach((file) => rmSync(join(folder, file), { force: true })));

test("a run that is shared, and a machine that helps: the output is the plain run's, and nothing is left beside it", { timeout: 120_000 }, async () => {
  const run = shoal(["run", job, "--share"], { SHOAL_OUT: "shared.jsonl", SHOAL_WAITS: "true", SHOAL_AWAITS: "guest" });
  const [, link = ""] = await run.err.until(anyLink);
  expect(existsSync(join(folder, ".shared.jsonl.shoal-share"))).toBe(true);
  const guest = shoal(["work", link, "--label", "guest", "--once", "--json"]);
  // Nothing is left for one who comes when this machine has done it all.
  await run.err.until(/guest \(cpu\) joined/);
  writeFileSync(join(folder, "guest"), "");
  // It has the model, which it can only have from the coordinator, and is at work.
  await guest.out.until(/"kind":"computing"/);
  writeFileSync(join(folder, "go"), "");
  expect(await run.code).toBe(0);
  expect(run.err.text()).toMatch(/guest \(cpu\) joined[^]*1,000 rows in 1 file: shared\.jsonl/);
  expect(await guest.code).toBe(0);
  expect(output("shared.jsonl")).toBe(expected);
  expect(expected.split("\n")).toHaveLength(1001);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a run of which this machine computes nothing goes to the guests alone, of whom one is killed", { timeout: 120_000 }, async () => {
  const run = shoal(["run", job, "--share", "--cpus", "0", "--json"], { SHOAL_OUT: "away.jsonl", SHOAL_WAITS: "true" });
  const [, links = ""] = await run.out.until(linksLine);
  const { links: { work } } = JSON.parse(links) as { links: { work: string } };
  const guests = ["one", "two"].map((label) => shoal(["work", work, "--label", label, "--json"]));
  await guests[0]?.out.until(/"kind":"progress"/);
  guests[0]?.child.kill("SIGKILL");
  await guests[1]?.out.until(/"kind":"progress"/);
  writeFileSync(join(folder, "go"), "");
  expect(await run.code).toBe(0);
  expect(output("away.jsonl")).toBe(expected);
});

test("a job that is brought to a coordinator runs on its workers; the coordinator is killed and started again in the middle", { timeout: 120_000 }, async () => {
  const serve = (): Running => shoal(["serve", "--folder", "served"]);
  const first = serve();
  const [, submit = ""] = await first.out.until(/--on "(http[^"]+)"/);
  const [, work = ""] = await first.out.until(anyLink);
  const worker = shoal(["work", work, "--json"]);
  await worker.out.until(/"kind":"connected"/);
  const run = shoal(["run", job, "--on", submit, "--json"], { SHOAL_OUT: "on.jsonl", SHOAL_WAITS: "true" });
  await run.out.until(done);
  first.child.kill("SIGKILL");
  await first.code;
  await run.out.until(/can't be reached/);
  const second = serve();
  await second.out.until(anyLink);
  expect(second.out.text()).toBe(first.out.text());
  writeFileSync(join(folder, "go"), "");
  expect(await run.code).toBe(0);
  expect(run.out.text()).toContain("again.");
  expect(output("on.jsonl")).toBe(expected);
});

test("a job with a predictor of one's own is watched where that goes as code, to this machine's worker", { timeout: 120_000 }, async () => {
  const own = fileURLToPath(new URL("fixtures/own-words.ts", import.meta.url));
  const plan = shoal(["run", own, "--explain", "--code"]);
  expect(await plan.code).toBe(0);
  expect(plan.out.text()).toMatch(/Segments: what other machines can run\n {2}words: [^]*Stays here\n {2}scan/);
  const run = shoal(["run", own, "--dashboard", "--code", "-o", "own.jsonl"]);
  expect({ code: await run.code, err: run.err.text() }).toMatchObject({ code: 0 });
  expect(run.err.text()).toMatch(/Watch[^\n]*\/dashboard\/#[^]*1 worker on cpu; rows by worker: this machine 2/);
  expect(output("own.jsonl")).toBe('{"text":"so good","words":2}\n{"text":"not","words":1}\n');
});

test("--dashboard shows an ordinary run to this machine, and lets nobody in", { timeout: 60_000 }, async () => {
  const run = shoal(["run", job, "--dashboard", "--json"], { SHOAL_OUT: "watched.jsonl", SHOAL_WAITS: "true" });
  const [, text = ""] = await run.out.until(linksLine);
  const { url, links } = JSON.parse(text) as { url: string; links: Record<string, string> };
  expect(Object.keys(links)).toEqual(["dashboard"]);
  const snapshot = async (): Promise<unknown> => (await fetch(`${url}api/snapshot`, { headers: { authorization: `Bearer ${links["dashboard"]?.split("#")[1]}` } })).json();
  await expect.poll(snapshot, { timeout: 20_000 }).toMatchObject({ jobs: [{ name: "job", state: "running", volunteers: false }], workers: [{ label: "this machine" }] });
  writeFileSync(join(folder, "go"), "");
  expect(await run.code).toBe(0);
  expect(output("watched.jsonl")).toBe(expected);
});

test("where nothing goes over a coordinator none is started, and the flags that are for one are named", { timeout: 60_000 }, async () => {
  const words = fileURLToPath(new URL("../../apps/examples/predictors/words.ts", import.meta.url));
  const watched = shoal(["run", words, "--dashboard", "--host", "0.0.0.0"]);
  expect(await watched.code).toBe(0);
  expect(watched.err.text()).toMatch(/note: Nothing of this goes to this coordinator: words stays, because .*\. So no coordinator is started, and --dashboard and --host have no effect\./);
  const shared = shoal(["run", words, "--share"]);
  expect(await shared.code).toBe(1);
  expect(shared.err.text()).toContain("nothing-travels");
});

test("a shared run that was killed goes on where it was, under the same link", { timeout: 120_000 }, async () => {
  const env = { SHOAL_OUT: "killed.jsonl", SHOAL_WAITS: "true" };
  const first = shoal(["run", job, "--share", "--volunteers", "--json"], env);
  const [, links] = await first.out.until(linksLine);
  await first.out.until(done);
  first.child.kill("SIGKILL");
  await first.code;
  const second = shoal(["run", job, "--share", "--volunteers", "--json"], env);
  const [, again] = await second.out.until(linksLine);
  expect(again).toBe(links);
  writeFileSync(join(folder, "go"), "");
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/rows? of \\"job\\" w[^"]* done before/);
  expect(output("killed.jsonl")).toBe(expected);
  expect(readdirSync(folder).filter((name) => name.startsWith(".killed"))).toEqual([]);
});

test("with nothing to resume a shared run starts, and says so", { timeout: 60_000 }, async () => {
  const run = shoal(["run", job, "--share", "--resume"], { SHOAL_OUT: "begun.jsonl" });
  expect(await run.code).toBe(0);
  expect(run.err.text()).toContain('note: There is nothing to resume for "job" with these steps: this run starts at the first row.');
  expect(output("begun.jsonl")).toBe(expected);
});

test("one that is continued by --resume is given what was done, under the same link", { timeout: 180_000 }, async () => {
  const whole = await manyRows();
  const env = { SHOAL_OUT: "resumed.jsonl" };
  const first = shoal(["run", resumable, "--share", "--json"], env);
  const [, links] = await first.out.until(linksLine);
  await first.out.until(done);
  first.child.kill("SIGKILL");
  await first.code;
  const unasked = shoal(["run", resumable, "--share"], env);
  expect(await unasked.code).toBe(1);
  expect(unasked.err.text()).toContain("output-unfinished");
  const second = shoal(["run", resumable, "--share", "--resume", "--json"], env);
  expect((await second.out.until(linksLine))[1]).toBe(links);
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/rows? of \\"resumable-job\\" w[^"]* done before/);
  // What it says of itself is about its own rows; the others are done from the start.
  const finished = eventsOf(second).find(({ kind }) => kind === "run-finished") as { readonly stats: RunStats };
  const { rowsOut, rowsBefore = 0, rowsPerSecond, wallMs, stages } = finished.stats;
  expect([rowsOut + rowsBefore, rowsBefore > 0]).toEqual([12_000, true]);
  expect(rowsPerSecond).toBeCloseTo((1000 * rowsOut) / wallMs, 5);
  expect(stages.at(-1)?.pool?.workers).toEqual([{ worker: "this machine", rows: rowsOut }]);
  const progress = eventsOf(second).filter(({ kind, name }) => kind === "stage-progress" && String(name).startsWith("text-classification")) as { readonly rowsDone: number; readonly rowsBefore?: number }[];
  expect(new Set(progress.flatMap((each) => each.rowsBefore ?? []))).toEqual(new Set([rowsBefore]));
  expect(progress.at(-1)?.rowsDone).toBe(rowsOut);
  expect(output("resumed.jsonl")).toBe(whole);
  expect(readdirSync(folder).filter((name) => name.startsWith(".resumed"))).toEqual([]);
});

test("after Ctrl-C the guests wait for it to come back; what they did behind a block that was held up is not computed again", { timeout: 180_000 }, async () => {
  const whole = await manyRows();
  const env = { SHOAL_OUT: "stopped.jsonl" };
  const first = shoal(["run", resumable, "--share", "--cpus", "0", "--json"], env);
  const [, links = ""] = await first.out.until(linksLine);
  const { links: { work } } = JSON.parse(links) as { links: { work: string } };
  // It has the first block, and stands still.
  const stuck = shoal(["work", work, "--label", "stuck", "--json"]);
  await stuck.out.until(/"kind":"computing"/);
  stuck.child.kill("SIGSTOP");
  const guest = shoal(["work", work, "--label", "guest", "--json"]);
  await guest.out.until(/"kind":"progress","rows":\d{4,},"blocks":\d/);
  first.child.kill("SIGINT");
  expect(await first.code).not.toBe(0);
  expect(first.err.text()).toMatch(/the [\d,]+ rows that are done are kept, and those that workers still finish\. Go on with them/);
  stuck.child.kill("SIGKILL");
  await guest.out.until(/was stopped; waiting for it to come back/);
  const second = shoal(["run", resumable, "--share", "--cpus", "0", "--resume", "--json"], env);
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/rows? of \\"resumable-job\\" w[^"]* done before/);
  expect(output("stopped.jsonl")).toBe(whole);
  // The same guest did it all, each row once; and now it is over.
  expect(await guest.code).toBe(0);
  const rows = [...guest.out.text().matchAll(/"kind":"progress","rows":(\d+)/g)].map(([, count]) => Number(count));
  expect(Math.max(...rows)).toBeLessThanOrEqual(12_000);
});

test("what a shared run has done is neither overlooked nor lost by one that is not shared", { timeout: 180_000 }, async () => {
  const whole = await manyRows();
  const env = { SHOAL_OUT: "left.jsonl" };
  const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith(".left"));
  const first = shoal(["run", resumable, "--share", "--json"], env);
  await first.out.until(done);
  first.child.kill("SIGINT");
  expect(await first.code).toBe(130);
  expect(first.err.text()).toMatch(/the [\d,]+ rows that are done are kept/);
  expect(left()).toEqual([".left.jsonl.shoal-share"]);
  const unasked = shoal(["run", resumable], env);
  expect(await unasked.code).toBe(1);
  expect(unasked.err.text()).toMatch(/output-unfinished: A shared run of "left.jsonl".*\.left\.jsonl\.shoal-share/);
  const second = shoal(["run", resumable, "--resume"], env);
  expect(await second.code).toBe(0);
  expect(second.err.text()).toMatch(/goes on with what a shared run has left[^]* of "resumable-job" w[^"]* done before/);
  expect(second.err.text()).not.toMatch(anyLink);
  expect(output("left.jsonl")).toBe(whole);
  expect(left()).toEqual([]);
});

test("a run alone that replaces an output removes what a shared one has left of it", { timeout: 120_000 }, async () => {
  const rows = join(folder, "few.jsonl");
  writeFileSync(rows, '{"text":"I love it"}\n');
  mkdirSync(join(folder, ".few-out.jsonl.shoal-share"));
  const infer = (...flags: string[]): Running => shoal(["infer", rows, "--task", "text-classification", "--model", "sentiment", "--input", "text", "--output", "label", "--out", "few-out.jsonl", ...flags]);
  const unasked = infer();
  expect(await unasked.code).not.toBe(0);
  expect(unasked.err.text()).toContain("output-unfinished");
  const second = infer("--overwrite");
  await second.code;
  expect(second.err.text()).toMatch(/note: A shared run of few-out\.jsonl was not finished: what it has done is kept in \.few-out\.jsonl\.shoal-share\.[^\n]* --share --resume goes on/);
  expect(second.err.text()).toContain("1 row in 1 file: few-out.jsonl");
  expect(existsSync(join(folder, ".few-out.jsonl.shoal-share"))).toBe(false);
});

test("a run that was alone is shared when it goes on, after the rows that it has", { timeout: 180_000 }, async () => {
  const whole = await manyRows();
  const env = { SHOAL_OUT: "alone.jsonl" };
  const alone = shoal(["run", resumable, "--json"], env);
  await alone.out.until(done);
  alone.child.kill("SIGINT");
  await alone.code;
  const shared = shoal(["run", resumable, "--share", "--resume", "--json"], env);
  expect(await shared.code).toBe(0);
  expect(shared.out.text()).toContain("Going on after");
  expect(output("alone.jsonl")).toBe(whole);
  expect(readdirSync(folder).filter((name) => name.startsWith(".alone"))).toEqual([]);
});

/** What a run with --json has said. */
function eventsOf({ out }: Running): readonly Readonly<Record<string, unknown>>[] {
  return out.text().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** 12,000 rows in `in.jsonl`, and what one machine writes of them. */
async function manyRows(): Promise<string> {
  if (existsSync(join(folder, "whole.jsonl"))) return output("whole.jsonl");
  writeFileSync(join(folder, "in.jsonl"), Array.from({ length: 12_000 }, (_, id) => `${JSON.stringify({ id, text: `Number ${id} was ${id % 3 === 0 ? "good" : "bad"}` })}\n`).join(""));
  expect(await shoal(["run", resumable, "--quiet"], { SHOAL_OUT: "whole.jsonl" }).code).toBe(0);
  return output("whole.jsonl");
}
