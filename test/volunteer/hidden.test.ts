// A volunteer's tab that is hidden behind another and shown again, in a browser with a window: it goes on, and says so, and the coordinator knows.
import { startCoordinator } from "@shoal/coordinator";
import { connect, fromItems } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startBareChromium } from "../runtimes/faults/bare-chromium.ts";
import { findChromium } from "../runtimes/find-chromium.ts";
import { hasDisplayServer } from "../runtimes/find-display-server.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { placeVolunteerPage } from "./place-volunteer-page.ts";
import { eventually } from "./volunteer-tab.ts";

const executablePath = findChromium();

describe.skipIf(executablePath === undefined || !hasDisplayServer())("Chromium with a window", () => {
  beforeAll(placeVolunteerPage, 120_000);

  test("a volunteer's tab that is hidden and shown again goes on; every row is there, once", { timeout: 300_000 }, async () => {
    const coordinator = await startCoordinator();
    onTestFinished(() => coordinator.close());
    const cluster = await connect(await coordinator.link(["submit"]));
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const stop = new AbortController();
    const rows = 40_000;
    const seen: number[] = [];
    const labelled = fromItems(Array.from({ length: rows }, (_, id) => ({ id, review: `Film ${id} was ${id % 2 === 0 ? "wonderful" : "terrible"}.` })))
      .mapBatches(textClassification({ model: sentiment, input: "review", output: "label" }));
    const run = (async () => {
      for await (const row of labelled.iterRows({ on: cluster, volunteers: true, signal: stop.signal })) seen.push(row.id);
    })().catch((error: unknown) => error);
    const worker = () => coordinator.gateway.snapshot().workers[0];

    const browser = await startBareChromium(executablePath as string, [...chromiumArgs]);
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const tab = await browser.open(await coordinator.link(["work"], { volunteer: true }));
    const text = (): Promise<string> => tab.evaluate<string>("document.querySelector('main')?.innerText ?? ''");
    await eventually(() => tab.evaluate<boolean>("document.querySelector('button.start')?.click() ?? document.querySelector('.meter') !== null")).toBe(true);
    await eventually(async () => seen.length).toBeGreaterThan(0);

    await browser.open("about:blank");
    await eventually(() => tab.evaluate<boolean>("document.hidden")).toBe(true);
    await eventually(text).toContain("This tab is hidden. It goes on");
    await eventually(async () => worker()?.notice).toBe("its tab is hidden");
    const before = worker()?.blocksDone ?? 0;
    await eventually(async () => worker()?.blocksDone).toBeGreaterThan(before + 2);

    await tab.show();
    await eventually(async () => worker()?.notice).toBeUndefined();
    expect(await text()).not.toContain("This tab is hidden");
    await eventually(async () => worker()?.blocksDone).toBeGreaterThan(before + 3);
    stop.abort();
    await run;
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, id) => id));
  });
});
