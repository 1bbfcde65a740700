// The whole of it: a job, a coordinator, and a tab in a real browser that does it all.
import { networkInterfaces } from "node:os";
import { startCoordinator, type Coordinator } from "@shoal/coordinator";
import { chromium, type Browser, type Page } from "playwright";
import { connect, fromItems, type Dataset } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { placeVolunteerPage } from "./place-volunteer-page.ts";
import { eventually } from "./volunteer-tab.ts";

const executablePath = findChromium();
const words = ["wonderful", "terrible", "moving", "dull", "funny", "too long"];
const lan = Object.values(networkInterfaces()).flat().find((each) => each?.family === "IPv4" && !each.internal)?.address;

describe.skipIf(executablePath === undefined)("a tab does a job", () => {
  let browser: Browser;

  beforeAll(async () => {
    await placeVolunteerPage();
    browser = await chromium.launch({ executablePath: executablePath as string, chromiumSandbox: false, args: [...chromiumArgs] });
  }, 120_000);

  afterAll(() => browser?.close());

  function opinions(rows: number): Dataset<{ id: number; review: string; label: string }> {
    return fromItems(Array.from({ length: rows }, (_, id) => ({ id, review: `Film ${id} was ${words[(id * 7) % words.length]}, and ${words[(id * 5 + 1) % words.length]} in the end.` })))
      .mapBatches(textClassification({ model: sentiment, input: "review", output: "label" }));
  }

  /** What runs a job on workers alone, and a tab at its link. */
  async function begin(coordinator: Coordinator, rows: number, name: string): Promise<{ readonly run: Promise<unknown[]>; readonly page: Page; readonly problems: string[] }> {
    const cluster = await connect(await coordinator.link(["submit"]));
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const run = opinions(rows).takeAll(Infinity, { on: cluster, volunteers: true, name, note: "Made up for a test." });
    run.catch(() => {});
    await eventually(async () => coordinator.gateway.snapshot().jobs.length).toBe(1);
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && !/Cross-Origin-Opener-Policy header has been ignored/.test(message.text()) && problems.push(message.text()));
    context.on("request", (request) => !request.url().replace(/^blob:/, "").startsWith(coordinator.url) && problems.push(`asked ${request.url()}`));
    await page.goto(await coordinator.link(["work"], { volunteer: true }));
    await page.getByRole("heading", { name: `Lend this tab to “${name}”` }).waitFor();
    return { run, page, problems };
  }

  const count = async (page: Page, id: string): Promise<number> => Number((await page.locator(`#${id}`).innerText()).replaceAll(",", ""));

  test("from Start over a pause to the thanks at the end, with the rows that one machine gives", { timeout: 240_000 }, async () => {
    const coordinator = await startCoordinator({ name: "Anna’s desk" });
    onTestFinished(() => coordinator.close());
    const rows = 6000;
    const { run, page, problems } = await begin(coordinator, rows, "Six thousand opinions");
    expect(await page.locator("main").innerText()).toMatch(/Made up for a test\..*review.*1\.0\d MB of model/s);

    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("Computing on the processor (WASM).").waitFor({ timeout: 60_000 });
    await eventually(() => count(page, "rows")).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused, by you.").waitFor();
    await eventually(async () => coordinator.gateway.snapshot().workers[0]?.state).toBe("paused");
    await page.getByRole("button", { name: "Resume" }).click();

    expect(await run).toEqual(await opinions(rows).takeAll(Infinity));
    // Of a block that it was at when it paused, and that went to somebody else, itself, it may have done the rows twice.
    await eventually(() => page.locator(".state").innerText()).toMatch(/^The job is over\. Thank you: you did [6-9],\d{3} rows\./);
    expect(coordinator.gateway.snapshot().workers[0]).toMatchObject({ host: "tab", rowsDone: rows, label: await page.evaluate(() => /Chrom/.test(navigator.userAgent) && "Chromium on Linux") });

    await coordinator.close();
    await page.getByRole("heading", { name: /^Thank you: you did [6-9],\d{3} rows$/ }).waitFor();
    expect(problems).toEqual([]);
  });

  test.skipIf(lan === undefined)("over plain http from another machine, where a page has little, and reloaded in the middle", { timeout: 240_000 }, async () => {
    const coordinator = await startCoordinator({ host: lan as string });
    onTestFinished(() => coordinator.close());
    const { run, page, problems } = await begin(coordinator, 4000, "Opinions");
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await page.getByText(`This page came from ${lan} by plain http.`).waitFor();

    await page.getByRole("button", { name: "Start" }).click();
    await eventually(async () => coordinator.gateway.snapshot().jobs[0]?.rowsDone).toBeGreaterThan(0);
    await page.reload();
    expect(await run).toEqual(await opinions(4000).takeAll(Infinity));
    await eventually(() => page.locator(".state").innerText()).toContain("The job is over. Thank you");
    // One worker, twice.
    expect(coordinator.gateway.snapshot().workers).toMatchObject([{ host: "tab", rowsDone: 4000 }]);
    expect(problems).toEqual([]);
  });
});
