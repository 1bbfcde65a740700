// A tab that is hidden behind another, and shown again, while it runs a job. Its timers are throttled meanwhile; the rows go on.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startBareChromium } from "./faults/bare-chromium.ts";
import { FaultTab } from "./faults/fault-tab.ts";
import { wrongRows } from "./faults/opinion-rows.ts";
import { findChromium } from "./find-chromium.ts";
import { hasDisplayServer } from "./find-display-server.ts";
import { chromiumArgs, servePage, type ServedPage } from "./serve-page.ts";

const executablePath = findChromium();

describe.skipIf(executablePath === undefined || !hasDisplayServer())("Chromium with a window", () => {
  let served: ServedPage;
  beforeAll(async () => void (served = await servePage(new URL("faults/page/", import.meta.url))), 120_000);
  afterAll(() => served?.[Symbol.asyncDispose]());

  test.each(["wasm", "webgpu"] as const)("a tab that is hidden and shown again while it predicts on %s: every row is there, once", { timeout: 300_000 }, async (device) => {
    const browser = await startBareChromium(executablePath as string, chromiumArgs);
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const bare = await browser.open(served.address);
    const tab = await FaultTab.of(bare.evaluate);
    const isHidden = (): Promise<boolean> => tab.evaluate("document.hidden");
    await tab.call("begin", { device });
    await tab.until("its first rows were there", ({ rows }) => rows.length > 0);

    await browser.open("about:blank");
    await expect.poll(isHidden, { timeout: 10_000, message: "The tab behind another one is not hidden." }).toBe(true);
    // Some seconds of it, of which a page's timers tell.
    const { timers } = await tab.until("rows had gone on for 5 s of its being hidden", (seen) => seen.timers.hidden.ms > 5000 && seen.rows.filter((row) => row.hidden).length > 32);
    expect(timers.hidden.ticks / (timers.hidden.ms / 1000), "Timers of the hidden page were not throttled: they fired so many times a second.").toBeLessThan(5);

    await bare.show();
    await expect.poll(isHidden, { timeout: 10_000, message: "The tab that was brought to the front is still hidden." }).toBe(false);
    await tab.until("rows came after it was shown again", ({ rows }) => rows.at(-1)?.hidden === false);
    await tab.enough();
    const { rows, lost } = await tab.ended();
    expect(wrongRows(rows, rows.length)).toEqual([]);
    expect(lost).toEqual([]);
  });
});
