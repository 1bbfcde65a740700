// What the tests of the page have in common: the page as it is built, a browser, and a job to lend a tab to.
import { chromium, type Browser } from "playwright";
import { afterAll, beforeAll } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { chromiumArgs } from "../runtimes/serve-page.ts";
import { serveVolunteerPage, type ServedVolunteerPage } from "./serve-volunteer-page.ts";
import { VolunteerTab, type Surroundings } from "./volunteer-tab.ts";

const executablePath = findChromium();
export const hasChromium = executablePath !== undefined;
export const job = { name: "Three thousand opinions", note: "Reviews of films, as their authors published them.", columns: ["review", "id"], downloadBytes: 4_200_000 };
export const offer = { name: "Anna’s desk", jobs: [job], otherJobs: 0 };
export const segment = { kind: "segment", job: "j1", segment: 0, jobName: job.name, about: job, description: { name: "text-classification(sentiment)", plan: {}, expectedBlocks: 200 } };
export const connection = [{ kind: "connecting" }, { kind: "connected", coordinator: "Anna’s desk" }, { kind: "job", segment }];
export const apple = { vendor: "apple", architecture: "metal-3" };

export interface PageUnderTest {
  readonly served: ServedVolunteerPage;
  readonly browser: Browser;
  base(host?: string): string;
  open(surroundings?: Surroundings, token?: string, host?: string): Promise<VolunteerTab>;
}

/** Serves the page and starts a browser for the tests around. */
export function pageUnderTest(): PageUnderTest {
  let served: ServedVolunteerPage | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    served = await serveVolunteerPage();
    served.answers.set("good", { status: 200, body: offer });
    browser = await chromium.launch({ executablePath: executablePath as string, chromiumSandbox: false, args: [...chromiumArgs] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await served?.[Symbol.asyncDispose]();
  });
  return {
    get served() {
      return served as ServedVolunteerPage;
    },
    get browser() {
      return browser as Browser;
    },
    base(host = "127.0.0.1") {
      return `http://${host}:${this.served.port}/base/`;
    },
    open(surroundings = {}, token = "#good", host) {
      return VolunteerTab.open(this.browser, `${this.base(host)}${token}`, surroundings);
    },
  };
}
