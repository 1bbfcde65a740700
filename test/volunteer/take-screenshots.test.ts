// The pictures of the README: SHOAL_SCREENSHOTS=1 npx vitest run --project node test/volunteer/take-screenshots.test.ts
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { auditPage } from "./audit-page.ts";
import { serveVolunteerPage, type ServedVolunteerPage } from "./serve-volunteer-page.ts";
import { VolunteerTab } from "./volunteer-tab.ts";

const executablePath = findChromium();
const folder = fileURLToPath(new URL("../../apps/volunteer/screenshots/", import.meta.url));
const job = { name: "Three thousand opinions", note: "Reviews of films, as their authors published them.", columns: ["review"], downloadBytes: 4_200_000 };
const segment = { kind: "segment", job: "j1", segment: 0, jobName: job.name, about: job, description: { name: "sentiment", plan: {}, expectedBlocks: 410 } };

describe.skipIf(executablePath === undefined || process.env["SHOAL_SCREENSHOTS"] !== "1")("screenshots", () => {
  let served: ServedVolunteerPage;
  let browser: Browser;

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    served = await serveVolunteerPage();
    served.answers.set("good", { status: 200, body: { name: "Anna’s desk", jobs: [job], otherJobs: 0 } });
    browser = await chromium.launch({ executablePath: executablePath as string, chromiumSandbox: false, args: [...chromiumArgs] });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await served?.[Symbol.asyncDispose]();
  });

  test.each([[1280, 800, "light"], [1280, 800, "dark"], [390, 844, "light"], [390, 844, "dark"]] as const)("%i×%i, %s", async (width, height, colorScheme) => {
    const tab = await VolunteerTab.open(browser, `http://127.0.0.1:${served.port}/base/#good`, {
      viewport: { width, height }, colorScheme, reducedMotion: "reduce", adapter: { vendor: "apple", architecture: "metal-3" }, battery: { charging: false, level: 0.63 },
    });
    const { page } = tab;
    await page.getByText("apple metal-3").waitFor();
    await page.screenshot({ path: `${folder}welcome-${width}-${colorScheme}.png`, fullPage: true });
    await tab.startAndBegin();
    const rates = Array.from({ length: 40 }, (_, at) => 1180 * (1 - Math.exp(-at / 5)) + 70 * Math.sin(at * 1.7) + 30 * Math.sin(at * 0.6));
    await tab.say({ kind: "connected" }, { kind: "job", segment }, { kind: "computing", device: "webgpu" }, ...rates.map((rowsPerSecond, at) => ({ kind: "progress", rows: 310 * (at + 1) - 55, blocks: 1 + at, rowsPerSecond: Math.max(0, rowsPerSecond) })));
    await page.getByText("12,345").waitFor();
    await page.screenshot({ path: `${folder}working-${width}-${colorScheme}.png`, fullPage: true });
    expect(await page.evaluate(auditPage)).toEqual([]);
  });
});
