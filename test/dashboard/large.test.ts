import type { Locator, Page } from "playwright";
import { expect, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { openStage, untilLive } from "./open-dashboard.ts";
import { hugeScene, startedAt } from "./scene.ts";

const executablePath = findChromium();

test.skipIf(executablePath === undefined)("the dashboard stays quick with a thousand workers and a million blocks", { timeout: 120_000 }, async ({ annotate }) => {
  await using stage = await openStage(executablePath as string);
  await using coordinator = await stage.coordinator();
  const snapshots = Array.from({ length: 24 }, (_, second) => hugeScene(second, 1000, 1_000_000, 20_000));
  coordinator.show(snapshots[0] as (typeof snapshots)[number]);
  await using opened = await stage.open(coordinator);
  const { page, problems } = opened;
  await untilLive(page, 90);
  expect(await page.locator(".worker").count()).toBe(24);
  expect(await page.locator(".map h3").textContent()).toMatch(/1,000,000, .*to a cell/);
  await measureFrames(page);
  for (const snapshot of snapshots.slice(1)) {
    coordinator.show(snapshot);
    await untilLive(page, (snapshot.at - startedAt) / 1000);
  }
  const { frames, worst, median, tasks, longest } = await page.evaluate(() => (globalThis as unknown as { frames(): Frames }).frames());
  await annotate(`${(JSON.stringify(snapshots[1]).length / 1e6).toFixed(2)} MB a snapshot, ${frames} frames: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms; ${tasks} tasks over 50 ms, the longest ${longest.toFixed(0)} ms`);
  await showAll(page.getByRole("region", { name: "Workers" }));
  expect(await page.locator(".worker").count()).toBe(980);
  coordinator.show(hugeScene(30, 1000, 1_000_000, 20_000));
  await untilLive(page, 120);
  // The page is alive: it answers to a pointer.
  await page.locator(".map canvas").hover({ position: { x: 5, y: 5 } });
  await expect.poll(() => page.locator(".map .readout").textContent()).toMatch(/^Blocks 0–/);
  expect(problems).toEqual([]);
});

interface Frames {
  readonly frames: number;
  readonly worst: number;
  readonly median: number;
  readonly tasks: number;
  readonly longest: number;
}

/** Has the page note how far its frames are apart, and which tasks held it up. */
async function measureFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const gaps: number[] = [];
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    let last = performance.now();
    const frame = (now: number) => {
      gaps.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { frames: () => ({ frames: gaps.length, worst: Math.max(...gaps), median: gaps.toSorted((a, b) => a - b)[gaps.length >> 1], tasks: tasks.length, longest: Math.max(0, ...tasks) }) });
  });
}

async function showAll(workers: Locator): Promise<void> {
  const more = workers.getByRole("button", { name: /^Show \d+ more$/ });
  while ((await more.count()) > 0) await more.click();
}
