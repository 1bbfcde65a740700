// One job on a fleet of everything that can help: processes in Node, Bun and Deno, and tabs of Chromium on WebGPU. Workers are killed, tabs closed and hidden, the coordinator is killed.
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { hasDisplayServer } from "../runtimes/find-display-server.ts";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { CoordinatorView, theJob, worker } from "./coordinator-view.ts";
import { blockRows, expectEqual, onOneMachine, read, release, sharedModel, startJob, testFolder } from "./reviews.ts";
import { startServe, startWorker } from "./shoal-process.ts";
import { buildServedPage, VolunteerTabs } from "./volunteer-tabs.ts";

const executablePath = findChromium();
const blocks = 2000;
const rows = blocks * blockRows;
/** What each of the six must have done at least. */
const share = blocks / 100;

describe.skipIf(executablePath === undefined || !hasDisplayServer() || findRuntime("bun") === undefined || findRuntime("deno") === undefined)("a mixed fleet", () => {
  beforeAll(buildServedPage, 180_000);

  test("does what one machine does, whatever happens to it", { timeout: 600_000 }, async () => {
    const folder = testFolder();
    const model = sharedModel("sentiment-mini");
    const began = Date.now();
    const log = (what: string): void => void (process.env["SHOAL_TELL"] && console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${what}`));
    const expected = await onOneMachine(folder, { rows, model });
    log("one machine has done it");

    let released = 0;
    /** Lets the job go on by as many blocks as keep everybody busy for a while. */
    const more = (upTo: number): void => {
      released = Math.max(released, Math.min(blocks, upTo));
      release(folder, released * blockRows);
    };
    more(120);
    let coordinator = await startServe(folder);
    const view = new CoordinatorView(coordinator);
    const job = startJob(folder, { rows, model, args: ["--on", coordinator.links.submit, "--volunteers", "--note", "Short opinions."] });
    /** While something is waited for, the job never runs dry; what is released is bounded by what was done, so that there is something left for what comes after. */
    const meanwhile = { meanwhile: (snapshot: Parameters<typeof theJob>[0]) => {
      const { ready = 1 } = theJob(snapshot)?.segments[0]?.blocks ?? {};
      if (ready === 0) more(released + 40);
    } };

    await using tabs = await VolunteerTabs.start(executablePath as string);
    onTestFinished(() => tabs[Symbol.asyncDispose]());
    await view.until("the job was there", (snapshot) => theJob(snapshot));
    const [hidden, closed] = [await tabs.lend(coordinator.links.volunteer, "tab 1"), await tabs.lend(coordinator.links.volunteer, "tab 2")];
    await view.until("both tabs had done their part", () => ["tab 1", "tab 2"].every((label) => view.blocksOf(label) >= share), meanwhile);
    log("tabs");
    expect(hidden).toBeDefined();
    expect(closed).toBeDefined();
    more(blocks);
    for (const [label, runtime] of [["node 1", "node"], ["node 2", "node"], ["bun", "bun"], ["deno", "deno"]] as const) startWorker(folder, coordinator, label, { runtime });
    await view.until("it is over", (snapshot) => theJob(snapshot)?.state === "done");
    log((await view.snapshot())?.workers.map(({ label, blocksDone, device }) => `${label} ${device} ${blocksDone}`).join(", ") ?? "");
    expect(await job.code, job.err.text()).toBe(0);
    expectEqual(read(folder), expected);
    log("done");
    void worker; coordinator = coordinator;
  });
});
