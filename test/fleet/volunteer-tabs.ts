// Tabs of a real Chromium, each lent through the volunteer page by its Start button.
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { pageFolder } from "@shoal/volunteer";
import { vi } from "vitest";
import { startBareChromium, type BareChromium, type BareTab } from "../runtimes/faults/bare-chromium.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { buildVolunteerPage } from "../runtimes/build-volunteer-page.ts";

/**
 * A GPU that the CPU imitates is no choice of Shoal's own. To the agent of these tabs it is a real one, which was measured to be the fastest before: everything behind that,
 * shaders and device included, is what it is in any tab.
 */
const takesItsGpu = `
  const ask = navigator.gpu.requestAdapter.bind(navigator.gpu);
  navigator.gpu.requestAdapter = async (...given) => {
    const adapter = await ask(...given);
    if (adapter !== null) Object.defineProperty(adapter, "info", { value: { vendor: "test", architecture: "gpu" } });
    return adapter;
  };
  globalThis.localStorage = { getItem: () => JSON.stringify({ device: "webgpu", why: "it is under test" }), setItem() {} };
`;

/** Builds the volunteer page where coordinators look for it. */
export async function buildServedPage(): Promise<void> {
  const served = fileURLToPath(pageFolder).replace(/\/$/, "");
  const built = await buildVolunteerPage();
  await rm(served, { recursive: true, force: true });
  await mkdir(dirname(served), { recursive: true });
  await rename(built, served);
}

export class VolunteerTabs implements AsyncDisposable {
  readonly #browser: BareChromium;

  private constructor(browser: BareChromium) {
    this.#browser = browser;
  }

  static async start(executablePath: string): Promise<VolunteerTabs> {
    return new VolunteerTabs(await startBareChromium(executablePath, chromiumArgs));
  }

  /** Opens the link in a window of its own, names the tab and presses Start. */
  async lend(link: string, label: string): Promise<VolunteerTab> {
    const tab = await this.#browser.open(link, { ownWindow: true, beforeWorkers: takesItsGpu });
    await vi.waitUntil(() => tab.evaluate<boolean>("document.querySelector('button.start') !== null").catch(() => false), { timeout: 60_000, interval: 50 });
    await tab.evaluate(`{
      const field = document.querySelector("input[type=text]");
      field.value = ${JSON.stringify(label)};
      field.dispatchEvent(new Event("input", { bubbles: true }));
      document.querySelector("button.start").click();
    }`);
    return new VolunteerTab(tab, this.#browser);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#browser[Symbol.asyncDispose]();
  }
}

export class VolunteerTab {
  readonly #tab: BareTab;
  readonly #browser: BareChromium;

  constructor(tab: BareTab, browser: BareChromium) {
    [this.#tab, this.#browser] = [tab, browser];
  }

  /** Another tab comes in front of it. */
  async hide(): Promise<void> {
    await this.#tab.show();
    await this.#browser.open("about:blank");
    await this.#isHidden(true);
  }

  async show(): Promise<void> {
    await this.#tab.show();
    await this.#isHidden(false);
  }

  close(): Promise<void> {
    return this.#tab.close();
  }

  text(): Promise<string> {
    return this.#tab.evaluate("document.body.innerText");
  }

  async #isHidden(hidden: boolean): Promise<void> {
    await vi.waitUntil(async () => (await this.#tab.evaluate("document.hidden")) === hidden, { timeout: 20_000, interval: 50 });
  }
}
