import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright";
import { expect, onTestFinished } from "vitest";

/** What becomes so within a while. */
export function eventually<T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 30_000, interval: 25 });
}

/** What a test puts in place of the browser's own. */
export interface Surroundings extends BrowserContextOptions {
  /** What `requestAdapter` gives: `null` for none; left out: whatever the browser has. */
  readonly adapter?: { readonly vendor?: string; readonly architecture?: string; readonly description?: string } | null | undefined;
  readonly battery?: { readonly charging: boolean; readonly level: number } | undefined;
}

// Chromium itself tells the console of every answer that is an error, and of headers that it ignores on pages that are no secure context.
const ofChromium = /status of (401|403|502)|Cross-Origin-Opener-Policy header has been ignored/;

/** A tab with the volunteer page, and the mock that stands for its agent. */
export class VolunteerTab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page, and requests to anywhere but its own origin. */
  readonly problems: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
  }

  static async open(browser: Browser, link: string, { adapter, battery, ...options }: Surroundings = {}): Promise<VolunteerTab> {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    await context.addInitScript(prepare, { adapter, battery });
    return VolunteerTab.in(context, link);
  }

  /** Another tab of the same browser. */
  static async in(context: BrowserContext, link: string): Promise<VolunteerTab> {
    const page = await context.newPage();
    const tab = new VolunteerTab(context, page);
    onTestFinished(() => {
      if (tab.problems.length > 0) throw new Error(`The page complained: ${tab.problems.join("; ")}`);
    });
    page.on("pageerror", (error) => tab.problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && !ofChromium.test(message.text()) && tab.problems.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin !== new URL(link).origin && tab.problems.push(`asked ${request.url()}`));
    await page.goto(link);
    return tab;
  }

  /** What the agent says. */
  async say(...reports: readonly object[]): Promise<void> {
    await this.page.evaluate((given) => given.forEach((say) => (globalThis as unknown as Mock).mock.channel.postMessage({ say })), reports);
  }

  async crash(message: string): Promise<void> {
    await this.page.evaluate((thrown) => (globalThis as unknown as Mock).mock.channel.postMessage({ throw: thrown }), message);
  }

  /** What the page said to its agent since it was loaded, the agent's own start included. */
  heard(): Promise<readonly { readonly kind: string; readonly [field: string]: unknown }[]> {
    return this.page.evaluate(() => (globalThis as unknown as Mock).mock.heard) as never;
  }

  /** Waits until the page has said this last. */
  async hears(last: object): Promise<void> {
    await eventually(async () => (await this.heard()).at(-1)).toMatchObject(last);
  }

  /** Waits until so many agents have been started since the page was loaded. */
  async hasBegun(agents: number): Promise<void> {
    await eventually(async () => (await this.heard()).filter(({ kind }) => kind === "begin").length).toBe(agents);
  }

  async startAndBegin(): Promise<void> {
    await this.page.getByRole("button", { name: "Start" }).click();
    await this.hears({ kind: "begin" });
  }

  /** As the browser would tell the page. */
  async visible(visible: boolean): Promise<void> {
    await this.page.evaluate((is) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: !is });
      document.dispatchEvent(new Event("visibilitychange"));
    }, visible);
  }

  async power(battery: { readonly charging: boolean; readonly level: number }): Promise<void> {
    await this.page.evaluate((now) => {
      const { battery: given } = globalThis as unknown as { battery: EventTarget };
      Object.assign(given, now).dispatchEvent(new Event("chargingchange"));
    }, battery);
  }

  text(id: string): Promise<string | null> {
    return this.page.locator(`#${id}`).textContent();
  }

  status(): Promise<string | null> {
    return this.page.locator(".state").textContent();
  }
}

interface Mock {
  readonly mock: { readonly channel: BroadcastChannel; readonly heard: readonly object[] };
}

/** Runs in the page before anything of it. */
function prepare({ adapter, battery }: Pick<Surroundings, "adapter" | "battery">): void {
  const channel = new BroadcastChannel("mock agent");
  const heard: object[] = [];
  channel.addEventListener("message", ({ data }: MessageEvent<{ heard?: object }>) => data.heard !== undefined && heard.push(data.heard));
  Object.assign(globalThis, { mock: { channel, heard } });
  if (adapter !== undefined) Object.defineProperty(navigator, "gpu", { configurable: true, value: { requestAdapter: async () => (adapter === null ? null : { info: adapter }) } });
  const power = battery === undefined ? undefined : Object.assign(new EventTarget(), battery);
  Object.assign(globalThis, { battery: power });
  Object.defineProperty(navigator, "getBattery", { configurable: true, value: power === undefined ? undefined : async () => power });
}
