// Row 16 of the fault table: the coordinator's disk is full in the middle of a job.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { differing, onOneMachine, read, startJob, succeeded, testFolder } from "./reviews.ts";
import { startOwn, startWorker } from "./shoal-process.ts";

test.skipIf(!canMount())("a full disk pauses the job and says why; with room it goes on, and nothing is lost", { timeout: 300_000 }, async () => {
  const folder = testFolder();
  const rows = 15_000;
  const expected = await onOneMachine(folder, { rows });
  const disk = join(folder, "coordinator");
  mkdirSync(disk, { mode: 0o700 });
  // The model, of one megabyte, and some of the results.
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1300k,mode=0700", "tmpfs", disk]);
  onTestFinished(() => void execFileSync("umount", ["-l", disk]));
  const own = await startOwn(folder);
  const view = new CoordinatorView(own);
  startWorker(folder, own, "one");
  const job = startJob(folder, { rows, args: ["--on", own.links.submit] });
  const paused = await view.until("the coordinator said that it is paused", (snapshot) => snapshot.paused !== undefined && theJob(snapshot)?.state === "paused" && snapshot);
  expect(paused.paused).toMatch(/full/);
  expect(theJob(paused)?.bottleneck).toMatch(/full/);
  await job.out.until(/"kind":"notice"[^\n]*the coordinator is paused[^\n]*full/);
  expect((await fetch(`${own.url}healthz`)).status).toBe(503);
  execFileSync("mount", ["-o", "remount,size=64m", disk]);
  await succeeded(job);
  expect(differing(read(folder), expected)).toEqual([]);
});

/** Not in every container, even as root. Then the full disk is only that of the tests of the gateway and the engine. */
function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "shoal-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
