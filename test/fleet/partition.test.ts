// A line between coordinator and worker, or driver, that is dead for a while, in one direction or in both: by a proxy of the test, between real processes.
import { expect, test } from "vitest";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn, startWorker } from "./shoal-process.ts";
import { startProxy } from "./tcp-proxy.ts";

const rows = 6000;
const scheduler = { leaseMs: { machine: 5000, tab: 5000 } };

test.each([["in both directions", ["up", "down"]], ["towards the coordinator", ["up"]]] as const)("a worker's line is dead %s; its blocks are done by another, and it comes back", { timeout: 180_000 }, async (_, directions) => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { scheduler });
  const proxy = await startProxy(own.url);
  const view = new CoordinatorView(own);
  startWorker(folder, { ...own, links: { ...own.links, work: proxy.through(own.links.work) } }, "far");
  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("it was at work", (snapshot) => view.blocksOf("far") > 2 && (theJob(snapshot)?.segments[0]?.blocks.leased ?? 0) > 2);
  proxy.cut(...directions);
  startWorker(folder, own, "near");
  await view.until("it counted as silent", (snapshot) => worker(snapshot, "far")?.state === "silent");
  await view.until("the other had done all that there was", (snapshot) => theJob(snapshot)?.rowsDone === 60 * blockRows);
  proxy.heal();
  const before = view.blocksOf("far");
  await view.until("it was heard of again", (snapshot) => ["waiting", "computing"].includes(worker(snapshot, "far")?.state ?? ""));
  release(folder, 120 * blockRows);
  await view.until("it was at work again", () => view.blocksOf("far") > before, { meanwhile: () => release(folder, rows) });
  release(folder, rows);
  await succeeded(job);
  expect((await view.until("it was over", (snapshot) => snapshot)).refused).toEqual({});
  expect(differing(read(folder), expected)).toEqual([]);
});

test("a worker hears nothing any more, and is heard: what it never got is done by another", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { scheduler });
  const proxy = await startProxy(own.url);
  const view = new CoordinatorView(own);
  startWorker(folder, { ...own, links: { ...own.links, work: proxy.through(own.links.work) } }, "deaf");
  release(folder, 20 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  await view.until("it had worked", () => view.blocksOf("deaf") > 2);
  proxy.cut("down");
  release(folder, rows);
  startWorker(folder, own, "near");
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});

test("the driver's line is dead for a while, then lost, and the run goes on where it was", { timeout: 180_000 }, async () => {
  const folder = testFolder();
  const expected = await onOneMachine(folder, { rows });
  const own = await startOwn(folder, { scheduler });
  const proxy = await startProxy(own.url);
  const view = new CoordinatorView(own);
  startWorker(folder, own, "one");
  release(folder, 60 * blockRows);
  const job = startJob(folder, { rows, args: ["--on", proxy.through(own.links.submit)] });
  const idle = (least: number) => (snapshot: Parameters<typeof theJob>[0]): boolean => {
    const { ready = 1, leased = 1, committing = 1, done = 0 } = theJob(snapshot)?.segments[0]?.blocks ?? {};
    return done >= least && ready + leased + committing === 0;
  };
  await view.until("the run had begun", () => view.blocksOf("one") > 2);
  proxy.cut("up", "down");
  await view.until("all that had been offered was done", idle(3));
  proxy.heal();
  await view.until("the rest was done too", idle(60));
  release(folder, 120 * blockRows);
  await view.until("it was in the middle again", (snapshot) => (theJob(snapshot)?.segments[0]?.blocks.done ?? 0) > 70);
  proxy.reset();
  release(folder, rows);
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});
