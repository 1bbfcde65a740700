// One job on a fleet of everything that can help: processes in Node, Bun and Deno, and tabs of Chromium on WebGPU. A tab is hidden, another one closed, a process killed, and the
// coordinator too; each time somebody else takes over. `SHOAL_TELL=1` tells how it goes.
import type { Snapshot } from "@shoal/cluster";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { hasDisplayServer } from "../runtimes/find-display-server.ts";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, sharedModel, startJob, succeeded, testFolder } from "./reviews.ts";
import { startServe, startWorker } from "./shoal-process.ts";
import { buildServedPage, VolunteerTabs } from "./volunteer-tabs.ts";

const executablePath = findChromium();
const isComplete = executablePath !== undefined && hasDisplayServer() && findRuntime("bun") !== undefined && findRuntime("deno") !== undefined;
const blocks = 2000;
const rows = blocks * blockRows;
/** What each of the six does at least, before the rest is let go. */
const share = blocks / 100;

describe.skipIf(!isComplete)("a mixed fleet", () => {
  beforeAll(buildServedPage, 180_000);

  test("does what one machine does, whatever happens to it", { timeout: 900_000 }, async () => {
    const folder = testFolder();
    const model = sharedModel("sentiment-mini");
    const tell = storyteller();
    const expected = await onOneMachine(folder, { rows, model });
    tell("one machine has done it");

    let released = 0;
    const releaseMore = (more: number): void => release(folder, (released = Math.min(blocks, released + more)) * blockRows);
    /** Lets some more blocks go whenever there is nothing to do: the job neither runs dry nor is over before all has happened. */
    const feeding = (more: number) => ({
      timeoutMs: 180_000,
      meanwhile: (snapshot: Snapshot): void => {
        const { ready = 1, leased = 1, committing = 1 } = theJob(snapshot)?.segments[0]?.blocks ?? {};
        if (ready + leased + committing === 0) releaseMore(more);
      },
    });
    releaseMore(8);

    const first = await startServe(folder);
    const view = new CoordinatorView(first);
    const job = startJob(folder, { rows, model, args: ["--on", first.links.submit, "--volunteers", "--note", "Short opinions."] });
    await view.until("the job was there", theJob);

    const tabs = await VolunteerTabs.start(executablePath as string);
    onTestFinished(() => tabs[Symbol.asyncDispose]());
    const hidden = await tabs.lend(first.links.volunteer, "tab 1");
    const closed = await tabs.lend(first.links.volunteer, "tab 2");
    const done = (label: string, least: number) => (): boolean => view.blocksOf(label) >= least;
    await view.until("both tabs were at work", () => done("tab 1", 4)() && done("tab 2", 4)(), feeding(8));
    tell("both tabs are at work");

    await hidden.hide();
    await view.until("the hidden tab had done its part", done("tab 1", share), feeding(8));
    tell("the hidden tab has done its part");

    releaseMore(8);
    await view.until("the other tab had something to lose", (snapshot) => (theJob(snapshot)?.segments[0]?.blocks.leased ?? 0) > 2);
    await closed.close();
    await tabs.lend(first.links.volunteer, "tab 3");
    await view.until("another tab had taken over from the one that was closed", () => done("tab 3", 1)() && view.blocksOf("tab 2") + view.blocksOf("tab 3") >= share, feeding(8));
    expect(["tab 1", "tab 2", "tab 3"].map((label) => view.deviceOf(label))).toEqual(["webgpu", "webgpu", "webgpu"]);
    await hidden.show();
    tell("another tab has taken over");

    const others = [["deno", "deno"], ["bun", "bun"], ["node 1", "node"], ["node 2", "node"]] as const;
    const processes = new Map(others.map(([label, runtime]) => [label as string, startWorker(folder, first, label, { runtime })]));
    await view.until("all processes had come", (snapshot) => others.every(([label]) => worker(snapshot, label) !== undefined));
    // As much as those who are ready first don't do before the others have begun: of little, nothing is left for one who has the model to load.
    releaseMore(240);
    await view.until("all of them had done their part", () => others.every(([label]) => done(label, share)()), feeding(60));
    tell("the processes have done their part");

    releaseMore(300);
    await view.until("the one that is killed was at work", (snapshot) => (theJob(snapshot)?.segments[0]?.blocks.ready ?? 0) > 0 && worker(snapshot, "bun")?.state === "computing");
    await processes.get("bun")?.kill();
    await view.until("it was known to be gone", (snapshot) => worker(snapshot, "bun")?.state === "gone");
    startWorker(folder, first, "bun 2", { runtime: "bun" });
    await view.until("another had taken over from the one that was killed", done("bun 2", 1), feeding(60));
    tell("another process has taken over");

    releaseMore(400);
    const before = (await view.until("there was much to do", theJob)).rowsDone;
    await view.until("the job was in the middle", (snapshot) => (theJob(snapshot)?.rowsDone ?? 0) > before && (theJob(snapshot)?.segments[0]?.blocks.leased ?? 0) > 0);
    await first.process.kill();
    view.restarted();
    await job.out.until(/can't be reached/);
    const second = await startServe(folder);
    expect(second.links).toEqual(first.links);
    const fleet = ["tab 1", "tab 3", "node 1", "node 2", "bun 2", "deno"];
    await view.until("all were back at work", (snapshot) => fleet.every((label) => (worker(snapshot, label)?.blocksDone ?? 0) > 0), feeding(60));
    tell(`all are back after the coordinator was killed; ${released} of ${blocks} blocks were released so far`);

    expect(released).toBeLessThan(blocks);
    releaseMore(blocks);
    await succeeded(job);
    tell(fleet.concat("tab 2", "bun").map((label) => `${label} ${view.blocksOf(label)}`).join(", "));
    const shares = [["tab 1"], ["tab 2", "tab 3"], ["node 1"], ["node 2"], ["bun", "bun 2"], ["deno"]].map((labels) => labels.reduce((sum, label) => sum + view.blocksOf(label), 0));
    expect(shares.filter((each) => each < share)).toEqual([]);
    expect(differing(read(folder), expected)).toEqual([]);
    tell("equal");
  });
});

function storyteller(): (what: string) => void {
  const began = Date.now();
  return (what) => void (process.env["SHOAL_TELL"] === "1" && console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${what}`));
}
