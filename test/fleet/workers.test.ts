// Rows 1, 2 and 21 of the fault table, with real workers: killed, stopped for longer than their leases, and slow.
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "@shoal/testing";
import { expect, test } from "vitest";
import { runtimes } from "../agent/start-work.ts";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn, startWorker } from "./shoal-process.ts";

test("workers of each runtime are killed in the middle, and others come", { timeout: 240_000 }, async () => {
  const folder = testFolder();
  const rows = 9000;
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  const random = seededRandom(5);
  let label = 0;
  const start = (runtime: (typeof runtimes)[number]["name"]) => ({ runtime, label: `${runtime} ${label}`, process: startWorker(folder, own, `${runtime} ${label++}`, { runtime }) });
  const workers = runtimes.map(({ name }) => start(name));
  release(folder, 0);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("all had come", (snapshot) => snapshot.jobs.length > 0 && workers.every((each) => worker(snapshot, each.label) !== undefined));
  for (let round = 1; round <= 5; round++) {
    release(folder, round * 40 * blockRows);
    const target = (round - 1) * 40 + random.between(1, 36);
    await view.until(`${target} blocks were done`, (snapshot) => (theJob(snapshot)?.rowsDone ?? 0) >= target * blockRows);
    const victim = workers.shift() as (typeof workers)[number];
    await victim.process.kill();
    // It may not have come yet.
    await view.until("it was known to be gone", (snapshot) => (worker(snapshot, victim.label)?.state ?? "gone") === "gone");
    workers.push(start(victim.runtime));
  }
  release(folder, rows);
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});

test("a worker is stopped for longer than its lease, others do its blocks, and what it brings late changes nothing", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const rows = 6000;
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { scheduler: { leaseMs: { machine: 5000, tab: 5000 } } });
  const view = new CoordinatorView(own);
  const stopped = startWorker(folder, own, "stopped");
  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  // It computes, and has more than it computes.
  await view.until("it was at work", (snapshot) => view.blocksOf("stopped") > 2 && (theJob(snapshot)?.segments[0]?.blocks.leased ?? 0) > 2);
  stopped.signal("SIGSTOP");
  const first = view.blocksOf("stopped");
  startWorker(folder, own, "other");
  await view.until("it counted as silent", (snapshot) => worker(snapshot, "stopped")?.state === "silent");
  await view.until("the other had done all that there was", (snapshot) => theJob(snapshot)?.rowsDone === 60 * blockRows);
  expect(view.blocksOf("stopped")).toBeLessThan(60);
  stopped.signal("SIGCONT");
  await view.until("it was heard of again", (snapshot) => ["waiting", "computing"].includes(worker(snapshot, "stopped")?.state ?? ""));
  release(folder, rows);
  await succeeded(job);
  const end = await view.until("it was over", (snapshot) => snapshot);
  expect(view.blocksOf("stopped")).toBeGreaterThan(first);
  // Nothing that it brought was taken for forged.
  expect(end.refused).toEqual({});
  expect(differing(read(folder), expected)).toEqual([]);
});

test("a worker that is slowed twenty times does not hold up the end", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const [rows, perBlock] = [24_000, 600];
  const expected = await onOneMachine(folder, { rows, blockRows: perBlock });
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  const slow = startWorker(folder, own, "slow");
  const fast = startWorker(folder, own, "fast");
  release(folder, 6 * perBlock);
  const job = startJob(folder, { rows, blockRows: perBlock, args: ["--on", own.links.submit] });
  await view.until("both had shown how fast they are", () => view.blocksOf("slow") > 0 && view.blocksOf("fast") > 0);
  let isOver = false;
  const slowing = (async () => {
    while (!isOver) {
      slow.signal("SIGCONT");
      await sleep(10);
      slow.signal("SIGSTOP");
      await sleep(190);
    }
  })();
  release(folder, rows);
  await succeeded(job);
  isOver = true;
  await slowing;
  slow.signal("SIGCONT");
  await view.until("it was over", (snapshot) => theJob(snapshot)?.state === "done");
  expect(differing(read(folder), expected)).toEqual([]);
  // All that was computed, what came to nothing included: one block at a time is run twice, and only at the end.
  const computed = [slow, fast].map((each) => Math.max(0, ...[...each.out.text().matchAll(/"kind":"progress","rows":\d+,"blocks":(\d+)/g)].map(([, blocks]) => Number(blocks))));
  expect((computed[0] ?? 0) + (computed[1] ?? 0)).toBeLessThanOrEqual(rows / perBlock + 4);
});
