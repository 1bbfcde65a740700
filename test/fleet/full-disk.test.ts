// Row 16 of the fault table: the coordinator's disk is full in the middle of a job.
import { join } from "node:path";
import { expect, test } from "vitest";
import { canMountDisks, smallDisk } from "../faults/small-disk.ts";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { differing, onOneMachine, read, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn, startWorker } from "./shoal-process.ts";

test.skipIf(!canMountDisks())("a full disk pauses the job and says why; with room it goes on, and nothing is lost", { timeout: 300_000 }, async () => {
  const folder = testFolder();
  const rows = 15_000;
  const expected = await onOneMachine(folder, { rows });
  // The model, of one megabyte, and some of the results.
  const disk = smallDisk("1300k", join(folder, "coordinator"));
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  startWorker(folder, own, "one");
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  const paused = await view.until("the coordinator said that it is paused", (snapshot) => snapshot.paused !== undefined && theJob(snapshot)?.state === "paused" && snapshot);
  expect(paused.paused).toMatch(/full/);
  expect(theJob(paused)?.bottleneck).toMatch(/full/);
  await job.out.until(/"kind":"notice"[^\n]*the coordinator is paused[^\n]*full/);
  expect((await fetch(`${own.url}healthz`)).status).toBe(503);
  disk.resize("64m");
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});
