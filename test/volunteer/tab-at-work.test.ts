// The volunteer page in a real browser, by use, with a mock in place of its agent.
import { describe, expect, onTestFinished, test } from "vitest";
import { apple, connection, hasChromium, job, offer, pageUnderTest, segment } from "./page-under-test.ts";
import { eventually, type Surroundings, type VolunteerTab } from "./volunteer-tab.ts";

describe.skipIf(!hasChromium)("the volunteer page at work", () => {
  const shown = pageUnderTest();
  let tab: VolunteerTab;
  const open = async (surroundings?: Surroundings, token?: string, host?: string): Promise<VolunteerTab> => (tab = await shown.open(surroundings, token, host));

  describe("at work", () => {
    test("from Start over loading, computing, a pause, a lost connection and a lost GPU to the thanks at the end", async () => {
      const { page } = await open({ adapter: apple });
      await page.getByLabel("Name in the list of workers").fill("Anna’s phone");
      await tab.startAndBegin();
      const begin = (await tab.heard()).at(-1);
      expect(begin).toMatchObject({ link: `${shown.base()}#good`, label: "Anna’s phone", dutyCycle: 1, paused: false, name: expect.stringMatching(/^tab-[0-9a-f]{18}$/) as string });

      await tab.say(...connection, { kind: "loading", name: "sentiment-mini", doneBytes: 2_100_000, bytes: 4_200_000 });
      await page.getByText("Loading sentiment-mini: 2.10 MB of 4.20 MB.").waitFor();
      await eventually(() => page.getByRole("progressbar").getAttribute("value")).toBe("0.5");
      await tab.say({ kind: "computing", device: "webgpu" }, { kind: "progress", rows: 1000, blocks: 4, rowsPerSecond: 812.4 }, { kind: "progress", rows: 12345, blocks: 50, rowsPerSecond: 1234.5 });
      await eventually(() => tab.text("rate")).toBe("1,235");
      expect([await tab.text("rows"), await tab.text("blocks"), await tab.text("share"), await tab.text("device")]).toEqual(["12,345", "50", "25 %", "WebGPU"]);
      expect(await tab.status()).toBe("Computing on the graphics card (WebGPU).");
      expect(await page.title()).toBe("1,235 rows/s · Shoal");

      await page.getByRole("button", { name: "Pause" }).click();
      await tab.hears({ kind: "pause" });
      await tab.say({ kind: "paused" });
      expect(await tab.status()).toBe("Paused, by you.");
      expect(await tab.text("rate")).toBe("0");
      await page.getByRole("button", { name: "Resume" }).click();
      await tab.hears({ kind: "resume" });

      await tab.say({ kind: "disconnected", error: { code: "connection-lost", message: "The coordinator is gone." }, retryMs: 60_000 });
      await page.getByText(/The connection is lost\. .* Next try in (60|59|58) s\./).waitFor();
      await tab.say({ kind: "connected" }, { kind: "computing", device: "webgpu" }, { kind: "notice", message: "The graphics card was lost; another actor takes over." });
      await page.getByText("The graphics card was lost; another actor takes over.").waitFor();

      shown.served.answers.set("good", { status: 200, body: { ...offer, jobs: [] } });
      await tab.say({ kind: "idle" });
      await page.getByText("The job is over. Thank you: you did 12,345 rows.").waitFor();
      shown.served.answers.set("good", { status: 200, body: offer });
      await tab.say({ kind: "ended" });
      await page.getByRole("heading", { name: "Thank you: you did 12,345 rows" }).waitFor();
      await eventually(async () => page.workers().length).toBe(0);
      await page.reload();
      await page.getByRole("button", { name: "Start" }).waitFor();
    });

    test("the part of a job whose length only the coordinator knows", async () => {
      const known = { ...job, segments: ["sentiment"], rowsDone: 4000 };
      shown.served.answers.set("long", { status: 200, body: { ...offer, jobs: [known] } });
      const { page } = await open({}, "#long");
      await tab.startAndBegin();
      const unmeasured = { ...segment, description: { name: "sentiment", plan: {} } };
      await tab.say({ kind: "connected" }, { kind: "job", segment: unmeasured }, { kind: "computing", device: "wasm" }, { kind: "progress", rows: 1000, blocks: 4, rowsPerSecond: 5 });
      await eventually(() => tab.text("rows")).toBe("1,000");
      expect(await tab.text("share")).toBe("–");
      await tab.say({ kind: "idle" });
      await eventually(() => tab.text("share")).toBe("25 %");
      expect(await page.getByText("Of all done so far").count()).toBe(1);
      shown.served.answers.set("long", { status: 200, body: { ...offer, jobs: [{ ...known, rowsTotal: 8000 }] } });
      await tab.say({ kind: "idle" });
      await page.getByText("Of the job").waitFor();
      expect(await tab.text("share")).toBe("13 %");
      shown.served.answers.set("long", { status: 200, body: { ...offer, jobs: [{ ...known, rowsTotal: 10_000, isEstimate: true }] } });
      await tab.say({ kind: "idle" });
      await eventually(() => tab.text("share")).toBe("about 10 %");
      shown.served.answers.set("long", { status: 200, body: { ...offer, jobs: [{ ...known, rowsTotal: 8000 }] } });
      await tab.say({ kind: "idle" });
      await eventually(() => tab.text("share")).toBe("13 %");
      // Over, and what is known of it stays.
      shown.served.answers.set("long", { status: 200, body: { ...offer, jobs: [] } });
      await tab.say({ kind: "job-ended", job: "j1" });
      await page.getByText("The job is over. Thank you: you did 1,000 rows.").waitFor();
      expect(await tab.text("share")).toBe("13 %");
    });

    test("Stop drains; Stop at once does not wait", async () => {
      const { page } = await open();
      for (const button of ["Stop", "Stop at once"]) {
        await page.getByRole("button", { name: /^Start/ }).click();
        await tab.hears({ kind: "begin" });
        await tab.say(...connection, { kind: "computing", device: "wasm" }, { kind: "progress", rows: 7, blocks: 1, rowsPerSecond: 3 });
        await eventually(() => tab.text("rows")).toBe("7");
        await page.getByRole("button", { name: "Stop" }).click();
        await tab.hears({ kind: "drain" });
        expect(await tab.status()).toBe("Finishing what it has begun …");
        if (button === "Stop") await tab.say({ kind: "draining", why: "", blocks: 1 }, { kind: "progress", rows: 9, blocks: 2, rowsPerSecond: 3 }, { kind: "ended" });
        else await page.getByRole("button", { name: button }).click();
        await page.getByRole("heading", { name: button === "Stop" ? "Thank you: you did 9 rows" : "Thank you: you did 7 rows" }).waitFor();
      }
    });

    test("Start again asks first whether anybody is there", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "ended" });
      await page.getByRole("heading", { name: "Thank you" }).waitFor();
      await page.context().setOffline(true);
      await page.getByRole("button", { name: "Start again" }).click();
      await page.getByRole("heading", { name: "Nobody answers at this link" }).waitFor();
      await page.getByText(/Most often its job is over, and this tab can be closed/).waitFor();
      await page.context().setOffline(false);
      await page.getByRole("heading", { name: /Three thousand/ }).waitFor();
      // What the browser says of requests that nobody took.
      expect(tab.problems.splice(0)).toEqual([expect.stringContaining("ERR_INTERNET_DISCONNECTED")]);
    });

    test("a program that can't be had is no crash: it waits for the coordinator", async () => {
      const { page } = await open();
      shown.served.withoutAgent = true;
      onTestFinished(() => void (shown.served.withoutAgent = false));
      await page.getByRole("button", { name: "Start" }).click();
      await eventually(() => tab.status()).toContain("The connection is lost. What was done is kept until it is back.");
      shown.served.withoutAgent = false;
      await tab.hears({ kind: "begin" });
      await tab.say({ kind: "failed", error: { code: "unreachable", message: "fetch failed" } });
      await page.getByText("The coordinator does not answer at the moment. What could not be loaded is asked for again.").waitFor();
      expect((await tab.heard()).map(({ kind }) => kind)).toEqual(["alive", "begin"]);
    });

    test("a coordinator that can't go on with it says why", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await tab.say({ kind: "connecting" }, { kind: "ended", error: { code: "protocol-mismatch", message: "This page is older than the coordinator.", hint: "Reload the page." } });
      await page.getByRole("heading", { name: "It can't go on" }).waitFor();
      expect(await page.locator("main").innerText()).toMatch(/This page is older than the coordinator\.\s+Reload the page\./);
      await page.getByRole("button", { name: "Start again" }).waitFor();
    });

    test("a link that was taken back meanwhile is not offered again: a new one is to be asked for", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "ended", error: { code: "invite-revoked", message: "The link by which this came was revoked.", hint: "Ask whoever runs the coordinator for a new one." } });
      await page.getByRole("heading", { name: "It can't go on" }).waitFor();
      expect(await page.locator("main").innerText()).toMatch(/was revoked\.\s+Ask whoever runs the coordinator for a new one\.\s*$/);
      expect(await page.getByRole("button", { name: "Start again" }).count()).toBe(0);
    });

    test("lends as much as its owner says", async () => {
      const { page } = await open({ battery: { charging: true, level: 0.8 } });
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "computing", device: "wasm" }, { kind: "progress", rows: 10, blocks: 1, rowsPerSecond: 5 });
      await page.getByRole("slider").fill("50");
      await tab.hears({ kind: "duty-cycle", dutyCycle: 0.5 });

      await tab.visible(false);
      await page.getByText("This tab is hidden. It goes on").waitFor();
      await page.getByLabel("Only while this tab is visible").check();
      await tab.hears({ kind: "pause" });
      expect(await tab.status()).toBe("Paused while this tab is hidden.");
      await tab.visible(true);
      await tab.hears({ kind: "resume" });

      await page.getByLabel("Only on mains").check();
      await tab.power({ charging: false, level: 0.41 });
      await tab.hears({ kind: "pause" });
      expect(await tab.status()).toBe("Paused until this device is plugged in.");
      // Two reasons to rest: one pause, and no resuming before both are gone.
      await page.getByRole("button", { name: "Pause" }).click();
      await tab.power({ charging: true, level: 0.42 });
      expect(await tab.status()).toBe("Paused, by you.");
      await page.getByRole("button", { name: "Resume" }).click();
      await tab.hears({ kind: "resume" });
      expect((await tab.heard()).filter(({ kind }) => kind === "pause" || kind === "resume").map(({ kind }) => kind)).toEqual(["pause", "resume", "pause", "resume"]);

      await page.reload();
      await tab.hears({ kind: "begin", dutyCycle: 0.5 });
      expect(await page.getByLabel("Only on mains").isChecked()).toBe(true);
    });

    test("without a Battery API nothing is said of mains", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      expect(await page.getByText("mains").count()).toBe(0);
    });
  });

  describe("what a browser does to it", () => {
    test("reloaded, it is at work again by itself: with its name, its counts, and paused if it was", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "computing", device: "wasm" }, { kind: "progress", rows: 100, blocks: 10, rowsPerSecond: 5 });
      await eventually(() => tab.text("rows")).toBe("100");
      const name = (await tab.heard()).at(-1)?.["name"];
      await page.reload();
      await tab.hears({ kind: "begin", name, paused: false });
      await tab.say(...connection, { kind: "progress", rows: 20, blocks: 2, rowsPerSecond: 5 });
      await eventually(() => tab.text("rows")).toBe("120");
      expect(await tab.text("share")).toBe("6.0 %");
      await page.getByRole("button", { name: "Pause" }).click();
      await page.reload();
      await tab.hears({ kind: "begin", name, paused: true });
      expect(await tab.status()).toBe("Paused, by you.");
    });

    test("a copy of the tab has a name of its own, and starts nothing; the two know of each other", async () => {
      await open();
      await tab.startAndBegin();
      const name = (await tab.heard()).at(-1)?.["name"];
      const stored = await tab.page.evaluate(() => Object.entries(sessionStorage) as [string, string][]);
      const other = await tab.context.newPage();
      await other.addInitScript((kept) => { for (const [key, value] of kept) sessionStorage.setItem(key, value); }, stored);
      await other.goto(`${shown.base()}#good`);
      await other.getByRole("button", { name: "Start" }).waitFor();
      await other.getByText("Another tab of this browser is at work already.").waitFor();
      expect(other.workers()).toEqual([]);
      await other.getByRole("button", { name: "Start" }).click();
      await tab.page.getByText("Another tab of this browser is at work too.").waitFor();
      await tab.hasBegun(2);
      expect(new Set((await tab.heard()).filter(({ kind }) => kind === "begin").map((begin) => begin["name"])).size).toBe(2);
      expect((await tab.heard()).find(({ kind }) => kind === "begin")).toMatchObject({ name });
      await other.close();
      await eventually(() => tab.page.getByText("Another tab of this browser").count()).toBe(0);
    });

    test("frozen and resumed, it drains, and comes back with the same name", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      const name = (await tab.heard()).at(-1)?.["name"];
      await tab.say(...connection, { kind: "progress", rows: 5, blocks: 1, rowsPerSecond: 5 });
      await eventually(() => tab.text("rows")).toBe("5");
      await page.evaluate(() => document.dispatchEvent(new Event("freeze")));
      await tab.hears({ kind: "drain" });
      await tab.say({ kind: "ended" });
      await page.evaluate(() => document.dispatchEvent(new Event("resume")));
      await tab.hears({ kind: "begin", name });
      expect(await tab.text("rows")).toBe("5");
    });

    test("about to be left, it drains; and comes back where its owner stays", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await page.evaluate(() => dispatchEvent(new Event("beforeunload")));
      await tab.hears({ kind: "drain" });
      await tab.say({ kind: "ended" });
      await tab.hasBegun(2);
      expect((await tab.heard()).map(({ kind }) => kind)).toEqual(["alive", "begin", "drain", "alive", "begin"]);
    });

    test("a crashed worker is started again, which is said", async () => {
      const { page } = await open();
      await tab.startAndBegin();
      await tab.say(...connection, { kind: "progress", rows: 5, blocks: 1, rowsPerSecond: 5 });
      await eventually(() => tab.text("rows")).toBe("5");
      await tab.crash("it had no memory left");
      await page.getByText(/The worker in this tab crashed \(.*it had no memory left\) and is started again\./).waitFor();
      await tab.hasBegun(2);
      await tab.say({ kind: "connecting" });
      await page.getByText("Connecting to the coordinator …").waitFor();
      expect(await tab.text("rows")).toBe("5");
    });

    test("it holds a lock against being frozen, and keeps the screen on while it computes", async () => {
      const { page } = await open();
      await page.evaluate(() => {
        const awake: string[] = [];
        const sentinel = (): object => ({ released: false, release: async () => void awake.push("off") });
        Object.assign(globalThis, { awake });
        Object.defineProperty(navigator, "wakeLock", { value: { request: async () => (awake.push("on"), sentinel()) } });
      });
      const awake = (): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { awake: string[] }).awake);
      const locks = (): Promise<(string | undefined)[]> => page.evaluate(async () => ((await navigator.locks.query()).held ?? []).map(({ name }) => name));
      await tab.startAndBegin();
      await eventually(locks).toContainEqual(expect.stringMatching(/^shoal tab at work /));
      await eventually(awake).toEqual(["on"]);
      await page.getByRole("button", { name: "Pause" }).click();
      await eventually(awake).toEqual(["on", "off"]);
      await page.getByRole("button", { name: "Stop" }).click();
      await tab.say({ kind: "ended" });
      await eventually(locks).not.toContainEqual(expect.stringMatching(/^shoal tab at work /));
    });
  });

});
