// The volunteer page in a real browser, by use, with a mock in place of its agent.
import { readdir, readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { auditPage } from "./audit-page.ts";
import { apple, connection, hasChromium, job, offer, pageUnderTest } from "./page-under-test.ts";
import { eventually, VolunteerTab, type Surroundings } from "./volunteer-tab.ts";

/** kB gzip, of all that is loaded before Start. */
const mostBeforeStart = 60;

describe.skipIf(!hasChromium)("the volunteer page", () => {
  const shown = pageUnderTest();
  let tab: VolunteerTab;
  const open = async (surroundings?: Surroundings, token?: string, host?: string): Promise<VolunteerTab> => (tab = await shown.open(surroundings, token, host));

  describe("before Start", () => {
    test("says what it is for, what it will see, what it has and what it costs, and does nothing yet", async () => {
      const { page } = await open({ adapter: apple, battery: { charging: false, level: 0.63 } });
      await page.getByRole("heading", { name: "Lend this tab to “Three thousand opinions”" }).waitFor();
      const text = await page.locator("body").innerText();
      for (const part of ["at Anna’s desk", job.note, "review", "id", "4.20 MB of model", "apple metal-3", "WASM", "runs on its battery, which is at 63 %", "Nothing is downloaded or computed before you press it."]) expect(text).toContain(part);
      expect(page.workers()).toEqual([]);
      expect(page.url()).toBe(`${shown.base()}#good`);
    });

    test("weighs little", async () => {
      const { page } = await open();
      await page.getByRole("button", { name: "Start" }).waitFor();
      const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
      const files = ["index.html", ...loaded.filter((path) => path.includes("/assets/")).map((path) => path.replace("/base/", ""))];
      const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(`${shown.served.folder}/${file}`)).byteLength));
      expect(sizes.reduce((sum, size) => sum + size, 0) / 1000).toBeLessThan(mostBeforeStart);
      // Nothing stands in the document itself, which the policy would refuse.
      const html = await readFile(`${shown.served.folder}/index.html`, "utf8");
      expect(html).not.toMatch(/<style|style=|<script(?![^>]* src=)|https?:|data:/);
      expect((await readdir(`${shown.served.folder}/assets`)).some((file) => file.startsWith("agent-worker-"))).toBe(true);
    });

    test.each([
      ["without a token", "", "This link is incomplete", undefined],
      ["with one that nobody knows", "#wrong", "This link lets nobody in", undefined],
      ["with one that has expired", "#expired", "This link has expired", { status: 401, body: { error: { code: "invite-expired", message: "" } } }],
      ["with one that was withdrawn", "#revoked", "This link was withdrawn", { status: 401, body: { error: { code: "invite-revoked", message: "" } } }],
      ["for other things", "#observe", "This link is not for lending a tab", { status: 403, body: { error: { code: "not-allowed", message: "" } } }],
    ])("a link %s", async (_name, token, title, answer) => {
      if (answer !== undefined) shown.served.answers.set(token.slice(1), answer);
      const { page } = await open({}, token);
      await page.getByRole("heading", { name: title }).waitFor();
      expect(await page.getByRole("button").count()).toBe(0);
      expect(await page.evaluate(auditPage)).toEqual([]);
    });

    test("another link in the same tab is read; a coordinator that was not there is asked again", async () => {
      shown.served.answers.set("late", { status: 502, body: "Bad Gateway" });
      const { page } = await open({}, "#late");
      await page.getByText("answered with 502").waitFor();
      shown.served.answers.set("late", { status: 200, body: { ...offer, jobs: [], otherJobs: 1 } });
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("The jobs that run now are not open to volunteers.").waitFor();
      await page.evaluate(() => void (location.hash = "#good"));
      await page.getByRole("heading", { name: /Three thousand/ }).waitFor();
      // Its fragment lost, the tab still knows its link, and the address can be shared again.
      await page.goto("about:blank");
      await page.goto(shown.base());
      await page.getByRole("heading", { name: /Three thousand/ }).waitFor();
      expect(page.url()).toBe(`${shown.base()}#good`);
    });

    test.each<[string, Surroundings["adapter"], RegExp]>([
      ["a browser that finds no GPU", null, /finds no graphics card that it may use/],
      ["a GPU that the processor imitates", { vendor: "google", architecture: "swiftshader" }, /\(google swiftshader\) is imitated by the processor/],
    ])("%s is told why", async (_name, adapter, why) => {
      const { page } = await open({ adapter });
      await page.locator(".devices").waitFor();
      expect(await page.locator(".devices").innerText()).toMatch(why);
    });

    test("a browser without WebGPU is told which ones have it", async () => {
      const context = await shown.browser.newContext();
      await context.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
      tab = await VolunteerTab.in(context, `${shown.base()}#good`);
      await tab.page.locator(".devices").waitFor();
      expect(await tab.page.locator(".devices").innerText()).toMatch(/This browser has no WebGPU.*Chrome and Edge have it/s);
      await context.close();
    });

    const lan = Object.values(networkInterfaces()).flat().find((each) => each?.family === "IPv4" && !each.internal)?.address;
    test.skipIf(lan === undefined)("a page that came by plain http from another machine says why it has no GPU, and how to get one; it works", async () => {
      const { page } = await open({}, "#good", lan);
      expect(await page.evaluate(() => isSecureContext)).toBe(false);
      await page.getByText(`This page came from ${lan} by plain http.`).waitFor();
      await page.getByText(/--https/).waitFor();
      await page.getByText(`open http://localhost:${shown.served.port} in place of`).waitFor();
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "computing", device: "wasm" });
      await page.getByText("Computing on the processor (WASM).").waitFor();
    });
  });

  describe("for everybody", () => {
    test("by the keyboard alone", async () => {
      const { page } = await open({ battery: { charging: true, level: 1 } });
      await page.getByRole("button", { name: "Start" }).waitFor();
      const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.id || document.activeElement?.tagName || "");
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("Start");
      await page.keyboard.press("Enter");
      await tab.hears({ kind: "begin" });
      await eventually(focused).toBe(job.name);
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("Pause");
      await page.keyboard.press("Space");
      await tab.hears({ kind: "pause" });
      expect(await focused()).toBe("Resume");
      await page.keyboard.press("Space");
      await tab.hears({ kind: "resume" });
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("Stop");
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("duty");
      await page.keyboard.press("ArrowLeft");
      await tab.hears({ kind: "duty-cycle", dutyCycle: 0.95 });
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      expect(await page.getByLabel("Only while this tab is visible").isChecked()).toBe(true);
      for (let at = 0; at < 2; at += 1) await page.keyboard.press("Shift+Tab");
      expect(await focused()).toBe("Stop");
      await page.keyboard.press("Enter");
      await tab.hears({ kind: "drain" });
      await tab.say({ kind: "ended" });
      await eventually(focused).toBe("Thank you");
    });

    test.each([[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"], [360, "dark"], [360, "light"]] as const)("at %i px, %s: readable, reachable, nothing jumps", async (width, colorScheme) => {
      const { page } = await open({ viewport: { width, height: 844 }, colorScheme, adapter: null, reducedMotion: "reduce", battery: { charging: false, level: 0.5 } });
      await page.getByText(/finds no graphics card/).waitFor();
      expect(await page.evaluate(auditPage)).toEqual([]);
      await tab.startAndBegin();
      await tab.say({ kind: "connecting" });
      await page.getByText("Connecting to the coordinator …").waitFor();
      const buttons = async (): Promise<number | undefined> => (await page.getByRole("button", { name: "Pause" }).boundingBox())?.y;
      const before = await buttons();
      await tab.say(...connection, { kind: "loading", name: "sentiment-mini", doneBytes: 1_000_000, bytes: 4_200_000 });
      await page.getByText(/Loading sentiment-mini/).waitFor();
      expect(await page.evaluate(auditPage)).toEqual([]);
      expect(await buttons()).toBe(before);
      await tab.say({ kind: "computing", device: "webgpu" }, { kind: "progress", rows: 12345, blocks: 50, rowsPerSecond: 12345 });
      await eventually(() => tab.text("rate")).toBe("12,345");
      expect(await page.evaluate(auditPage)).toEqual([]);
      expect(await buttons()).toBe(before);
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      await tab.say({ kind: "ended" });
      await page.getByRole("heading", { name: /^Thank you/ }).waitFor();
      expect(await page.evaluate(auditPage)).toEqual([]);
    });
  });
});
