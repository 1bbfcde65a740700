// Rows 5, 6 and 7 of the fault table: a coordinator that is killed at any moment, a journal that is torn, and two coordinators on one folder.
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@shoal/testing";
import { expect, test } from "vitest";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, startJob, succeeded, testFolder } from "./reviews.ts";
import { startServe, startShoal, startWorker } from "./shoal-process.ts";

/** The journal that was written last. */
function journal(folder: string): string {
  return join(folder, "coordinator", readdirSync(join(folder, "coordinator")).filter((name) => name.startsWith("journal-")).sort().at(-1) ?? "");
}

test("the coordinator is killed again and again, its journal torn too; nothing is lost and nothing doubled", { timeout: 300_000 }, async () => {
  const folder = testFolder();
  const rows = 9000;
  const expected = await onOneMachine(folder, { rows });
  const random = seededRandom(11);
  let coordinator = await startServe(folder);
  const view = new CoordinatorView(coordinator);
  const workers = ["one", "two"].map((label) => startWorker(folder, coordinator, label));
  release(folder, 0);
  const job = startJob(folder, { rows, args: ["--on", coordinator.links.submit] });
  await view.until("the job was there", theJob);
  for (let life = 1; life <= 4; life++) {
    release(folder, life * 60 * blockRows);
    const target = (life - 1) * 60 + random.between(1, 40);
    await view.until(`${target} blocks were done`, (snapshot) => (theJob(snapshot)?.segments[0]?.blocks.done ?? 0) >= target);
    await coordinator.process.kill();
    view.restarted();
    // What a crash leaves: the last records are there in part, though they had been answered.
    if (life % 2 === 0) truncateSync(journal(folder), statSync(journal(folder)).size - random.between(1, 400));
    coordinator = await startServe(folder);
  }
  // What the torn journal forgot is not done again: the driver has it.
  release(folder, rows);
  await succeeded(job);
  expect(job.out.text()).toMatch(/can't be reached/);
  expect(differing(read(folder), expected)).toEqual([]);
  for (const each of workers) expect(each.child.exitCode).toBeNull();
});

test("a second coordinator is kept out of the folder while the first lives, even stopped; a journal that is damaged in the middle is not used", { timeout: 120_000 }, async () => {
  const folder = testFolder();
  const first = await startServe(folder);
  const second = async (): Promise<string> => {
    const refused = startShoal(folder, ["serve", "--folder", "coordinator"]);
    expect(await refused.code).not.toBe(0);
    return refused.err.text();
  };
  expect(await second()).toMatch(/engine-folder-busy/);
  first.process.signal("SIGSTOP");
  expect(await second()).toMatch(/engine-folder-busy/);
  first.process.signal("SIGCONT");

  const job = startJob(folder, { rows: 600, args: ["--on", first.links.submit] });
  startWorker(folder, first, "one");
  expect(await job.code).toBe(0);
  await first.process.kill();
  const path = journal(folder);
  const bytes = readFileSync(path);
  const middle = bytes.indexOf("\n", bytes.length / 2) + 30;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  expect(await second()).toMatch(/journal-damaged[^]*repair/);
});
