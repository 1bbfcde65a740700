// A run on a coordinator that is killed, and continued by --resume: what the coordinator has is not run again.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCoordinator } from "@shoal/coordinator";
import { expect, onTestFinished, test } from "vitest";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { testFolder } from "./reviews.ts";
import { startOwn, startServe, startShoal, startWorker, type CoordinatorLinks, type ShoalProcess } from "./shoal-process.ts";

const job = fileURLToPath(new URL("../coordinator/fixtures/resumable-job.ts", import.meta.url));
const rows = 30_000;
/** The predictor has given rows. */
const done = /"name":"text-classification[^}]*"rowsOut":[1-9]\d{3}/;

function folderWithRows(): string {
  const folder = testFolder();
  writeFileSync(join(folder, "in.jsonl"), Array.from({ length: rows }, (_, id) => `${JSON.stringify({ id, text: `Number ${id} was ${id % 3 === 0 ? "good" : "bad"}` })}\n`).join(""));
  return folder;
}

function start(folder: string, out: string, args: readonly string[]): ShoalProcess {
  return startShoal(folder, ["run", job, "--json", ...args], { env: { SHOAL_OUT: out } });
}

async function wholeOutput(folder: string): Promise<string> {
  const alone = start(folder, "alone.jsonl", []);
  expect(await alone.code).toBe(0);
  return readFileSync(join(folder, "alone.jsonl"), "utf8");
}

/** Rows that a worker says it has computed in all. */
function rowsOf(worker: ShoalProcess): number {
  return Math.max(0, ...[...worker.out.text().matchAll(/"kind":"progress","rows":(\d+)/g)].map(([, count]) => Number(count)));
}

const leftBeside = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name.startsWith(".out"));

/** Runs the job until some of it is done, and kills its driver as no process can refuse. */
async function killInTheMiddle(folder: string, { links }: CoordinatorLinks): Promise<void> {
  const first = start(folder, "out.jsonl", ["--on", links.submit]);
  await first.out.until(done);
  await first.kill();
  expect(existsSync(join(folder, "out.jsonl"))).toBe(false);
}

test("is given what the coordinator has of it, though that was killed too; nothing of that is computed again", { timeout: 240_000 }, async () => {
  const folder = folderWithRows();
  const expected = await wholeOutput(folder);
  const coordinator = await startServe(folder);
  const first = startWorker(folder, coordinator, "one");
  await killInTheMiddle(folder, coordinator);
  const committed = (await new CoordinatorView(coordinator).until("some of it was done", theJob)).rowsDone;
  expect(committed).toBeGreaterThan(1000);
  await first.kill();

  const unasked = start(folder, "out.jsonl", ["--on", coordinator.links.submit]);
  expect(await unasked.code).toBe(1);
  expect(unasked.err.text()).toMatch(/output-unfinished[^]*is kept/);

  for (const flags of [["--resume"], ["--resume", "--share"]]) {
    const elsewhere = start(folder, "out.jsonl", flags);
    expect(await elsewhere.code).toBe(1);
    expect(elsewhere.err.text()).toMatch(/resume-changed[^]*is kept by the coordinator[^]*With this command: --on <link> --resume/);
    expect(leftBeside(folder)).toEqual([".out.jsonl.shoal-unfinished"]);
  }

  // What it knows of the job afterwards it knows from its folder.
  await coordinator.process.kill();
  const again = await startServe(folder);
  expect(again.links).toEqual(coordinator.links);
  const worker = startWorker(folder, again, "two");
  const second = start(folder, "out.jsonl", ["--on", again.links.submit, "--resume"]);
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/Going on with what [^"]+ has of it/);
  expect(second.out.text()).toMatch(/\d rows of \\"resumable-job\\" were done before/);
  expect(readFileSync(join(folder, "out.jsonl"), "utf8")).toBe(expected);
  expect(rowsOf(worker)).toBeGreaterThan(0);
  expect(rowsOf(worker)).toBeLessThanOrEqual(rows - committed);
  expect(leftBeside(folder)).toEqual([]);
});

test("on another coordinator runs all of it, and says so; a changed plan is named", { timeout: 240_000 }, async () => {
  const folder = folderWithRows();
  const first = await startServe(folder);
  const worker = startWorker(folder, first, "one");
  await killInTheMiddle(folder, first);
  await worker.kill();
  await first.process.kill();

  const other = await startOwn(folder, { folder: join(folder, "other") });
  const changed = startShoal(folder, ["run", job, "--on", other.links.submit, "--resume"], { env: { SHOAL_OUT: "out.jsonl", SHOAL_BATCH: "8" } });
  expect(await changed.code).toBe(1);
  expect(changed.err.text()).toMatch(/resume-changed/);

  startWorker(folder, other, "two");
  const second = start(folder, "out.jsonl", ["--on", other.links.submit, "--resume"]);
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/has nothing of \\"resumable-job\\" from before/);
  expect(readFileSync(join(folder, "out.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(rows);
});

test("on a coordinator that keeps nothing goes on after the rows that this machine has", { timeout: 240_000 }, async () => {
  const folder = folderWithRows();
  const expected = await wholeOutput(folder);
  const coordinator = await startCoordinator({});
  onTestFinished(() => coordinator.close());
  const submit = await coordinator.link(["submit"]);
  const links = { volunteer: "", work: await coordinator.link(["work"]), submit, dashboard: await coordinator.link(["observe"], { page: "dashboard" }) };
  const own = { url: coordinator.url, links };
  startWorker(folder, own, "one");
  await killInTheMiddle(folder, own);
  const second = start(folder, "out.jsonl", ["--on", submit, "--resume"]);
  expect(await second.code).toBe(0);
  expect(second.out.text()).toMatch(/Going on after [\d,]+ rows? that/);
  expect(readFileSync(join(folder, "out.jsonl"), "utf8")).toBe(expected);
  await new CoordinatorView(own).until("the job was done", (snapshot) => theJob(snapshot)?.state === "done");
});
