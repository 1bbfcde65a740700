import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright";
import { build } from "vite";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { FakeCoordinator } from "./fake-coordinator.ts";
import { startedAt } from "./scene.ts";

/** The page built as it ships, and a browser to open it with. */
export interface Stage extends AsyncDisposable {
  coordinator(): Promise<FakeCoordinator>;
  open(coordinator: FakeCoordinator, options?: BrowserContextOptions): Promise<OpenPage>;
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Console errors, exceptions, and requests to anybody but the coordinator. */
  readonly problems: readonly string[];
}

export async function openStage(executablePath: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-dashboard-"));
  await build({ configFile: fileURLToPath(new URL("../../apps/coordinator/dashboard/vite.config.ts", import.meta.url)), logLevel: "error", build: { outDir: folder } });
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: [...chromiumArgs] });
  return {
    coordinator: () => new FakeCoordinator(folder).listen(),
    open: (coordinator, options) => openPage(browser, coordinator, options),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openPage(browser: Browser, coordinator: FakeCoordinator, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, timezoneId: "UTC", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    // Chromium itself says of each request that got no answer, or a 401, that it failed: that is what some tests are about.
    if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(coordinator.origin) && !request.url().startsWith("data:")) problems.push(`asked ${request.url()}`);
  });
  await page.goto(coordinator.dashboard);
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** Settles when the page shows what was so many seconds after the scene's start. */
export async function untilLive(page: Page, second: number): Promise<void> {
  await page.getByText(`live, ${new Date(startedAt + second * 1000).toISOString().slice(11, 19)}`).waitFor();
}
