import type { Locator } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { untilLive, openStage, type Stage } from "./open-dashboard.ts";
import { scene, startedAt } from "./scene.ts";

const executablePath = findChromium();

describe.skipIf(executablePath === undefined)("the dashboard, in a browser", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(executablePath as string);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const invite = (id: string, volunteer: boolean) => ({
    id, scopes: ["work"] as const, volunteer, expiresAt: Date.now() + 3_600_000, revoked: false, used: volunteer ? 3 : 0,
  });

  test("says what to do while there is nothing, then shows a job from its first row to its last", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.invites = [{ ...invite("s", false), scopes: ["submit", "work"], link: "https://192.168.1.20:7077/dashboard/#secret" }, { ...invite("v", true), link: "https://192.168.1.20:7077/#printed" }];
    coordinator.show({ ...scene(0), jobs: [], workers: [], refused: {} });
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    await page.getByRole("heading", { name: "No job yet" }).waitFor();
    expect(await page.locator("main").textContent()).toContain("No worker yet. Open the link on another device, or run on another machine:");
    // Nobody is there, so the link that the coordinator printed is shown without being asked for; never one that lets others bring jobs.
    await page.getByRole("img", { name: "QR code of the link" }).waitFor();
    expect(await page.getByLabel("Link", { exact: true }).inputValue()).toBe("https://192.168.1.20:7077/#printed");

    coordinator.show(scene(1));
    await page.getByRole("heading", { name: "sentiment of reviews" }).waitFor();
    const figure = async (name: string) => (await page.locator(".figures div", { hasText: name }).locator("dd").textContent())?.trim();
    for (const second of [20, 60, 96]) {
      coordinator.show(scene(second));
      await untilLive(page, second);
      const { jobs: [job] } = scene(second);
      expect(await figure("rows done")).toBe(`${job?.rowsDone.toLocaleString("en")} of 120,000`);
      expect(await figure("rows/s")).toBe(Math.round(job?.rowsPerSecond as number).toLocaleString("en"));
      expect(await page.locator(".progress progress").getAttribute("value")).toBe(String(job?.rowsDone));
    }
    expect(await figure("to go")).toBe("24 s");
    expect(await figure("elapsed")).toBe("1 min 36 s");
    await expect.poll(() => page.title()).toBe("78 % sentiment of reviews · Shoal");
    expect(await page.locator(".bottleneck").textContent()).toMatch(/^Workers are the limit/);
    expect(await page.locator(".chart canvas").count()).toBe(1);
    expect(await page.locator(".chart .readout").textContent()).toMatch(/09:31:36.*rows\/s.*workbench \d+/);
    expect(await page.getByText("Refused since the start").textContent()).toContain("3 × bad-token");

    coordinator.show(scene(300));
    await page.locator(".job .state", { hasText: "done" }).waitFor();
    expect(await figure("rows done")).toBe("120,000 of 120,000");
    expect(await page.locator(".progress").textContent()).toBe("100 %");
    await expect.poll(() => page.title()).toBe("harbour · Shoal");
    expect(problems).toEqual([]);
  });

  test("tells a block's state to who points, taps, or uses the keys", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    const map = page.getByRole("img", { name: /^Map of blocks by state: 1,460 done/ });
    const readout = page.locator(".map .readout");
    await map.hover({ position: { x: 5, y: 5 } });
    await expect.poll(() => readout.textContent()).toMatch(/^Blocks? 0.*done$/);
    // What a cell shows is what the pointer is told: its colour is the legend's.
    const colour = await map.evaluate((canvas: any) => [...canvas.getContext("2d").getImageData(4, 6, 1, 1).data].slice(0, 3));
    expect(`rgb(${colour.join(", ")})`).toBe(await page.locator('.legend i[data-state="d"]').evaluate((swatch: any) => swatch.computedStyleMap().get("background-color").toString()));
    await page.mouse.move(0, 0);
    await expect.poll(() => readout.textContent()).toBe("");
    await map.focus();
    await page.keyboard.press("End");
    await expect.poll(() => readout.textContent()).toMatch(/1,874: .*not read yet$/);
    await page.keyboard.press("Home");
    for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowRight");
    await expect.poll(() => readout.textContent()).toMatch(/^Blocks? [1-9]/);
    await page.keyboard.press("Escape");
    await expect.poll(() => readout.textContent()).toBe("");
    expect(await page.locator(".legend").textContent()).toMatch(/done 1,460.*committing 3.*computing 33.*waiting 220.*not read yet 155.*split 1.*quarantined in part 2.*troubled 1/);
    expect(problems).toEqual([]);
  });

  test("shows rows as they come, lets them be read, and failures with what to do", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    const cards = page.locator(".samples li");
    await expect.poll(() => cards.count()).toBe(12);
    const newest = async () => cards.first().locator("dl div", { has: page.locator("dt", { hasText: /^id$/ }) }).locator("dd").textContent();
    const before = await newest();
    expect(await page.locator(".samples img").count()).toBe(4);
    expect(await page.locator(".samples img").first().evaluate((image: any) => image.naturalWidth)).toBe(160);
    coordinator.show(scene(97));
    await untilLive(page, 97);
    expect(await newest()).not.toBe(before);

    // A long text is cut; opened, it stays, and so does all else until it is let go.
    const long = page.getByRole("button", { name: "more" }).first();
    const card = cards.filter({ has: page.getByRole("button", { name: "more" }) }).first();
    expect(await card.textContent()).not.toContain("chairs go up");
    await long.click();
    await page.getByText("the chairs go up on the tables around you.").waitFor();
    const held = await page.locator(".samples ul").textContent();
    coordinator.show(scene(99));
    await untilLive(page, 99);
    expect(await page.locator(".samples ul").textContent()).toBe(held);
    await page.getByRole("button", { name: "Follow again" }).click();
    await expect.poll(() => page.locator(".samples ul").textContent()).not.toBe(held);

    const group = page.locator(".failures details", { hasText: "text-too-long" });
    expect(await group.locator("summary").textContent()).toMatch(/^2 × text-too-long/);
    await group.locator("summary").click();
    expect(await group.textContent()).toContain("Set truncation: true");
    expect(await group.locator("li").allTextContents()).toEqual(["block 131, row 8,401", 'block 130, row 8,390Row 8,390, column "review": 611 tokens, and the model takes 512.']);
    // It stays open while snapshots come.
    coordinator.show(scene(100));
    await untilLive(page, 100);
    expect(await group.getAttribute("open")).not.toBeNull();
    expect(problems).toEqual([]);
  });

  test("lists workers by rate, says what holds them up, folds who left", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    const workers = page.getByRole("region", { name: "Workers" });
    await expect.poll(() => workers.locator(".label").allTextContents()).toEqual(["workbench", "Chromium on studio-mac", "garden-pi", "Chromium on a phone", "attic", "reading-room"]);
    const row = (label: string) => workers.locator(".worker", { hasText: label });
    expect(await row("workbench").textContent()).toMatch(/computingCUDANode 24\.3.*rows\/s61,440 rows, 66 %1 min 36 s/);
    expect(await row("a phone").textContent()).toMatch(/CPU \(WASM\).*2 failures.*not a secure context/);
    expect(await row("reading-room").textContent()).toContain("41.2 MB of 66.9 MB");
    expect(await row("a phone").getByRole("img", { name: "browser tab" }).count()).toBe(1);
    await workers.getByRole("button", { name: "1 gone" }).click();
    expect(await row("on a train").textContent()).toContain("896 rows");
    // Under a pointer nobody moves, whatever the rates become.
    await row("attic").hover();
    const turned = scene(110);
    coordinator.show({ ...turned, workers: turned.workers.map((worker) => ({ ...worker, rowsPerSecond: worker.label === "garden-pi" ? 90_000 : worker.rowsPerSecond })) });
    await untilLive(page, 110);
    expect((await workers.locator(".label").allTextContents())[0]).toBe("workbench");
    await page.mouse.move(10, 10);
    coordinator.show({ ...turned, at: turned.at + 6000, workers: turned.workers.map((worker) => ({ ...worker, rowsPerSecond: worker.label === "garden-pi" ? 90_000 : worker.rowsPerSecond })) });
    await expect.poll(async () => (await workers.locator(".label").allTextContents())[0]).toBe("garden-pi");
    expect(problems).toEqual([]);
  });

  test("gives a link to invite by, copies it, and revokes it when asked twice", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.invites = [invite("v", true), { ...invite("s", false), scopes: ["submit", "work"], link: "javascript:alert(1)" }, { ...invite("old", false), expiresAt: Date.now() - 1 }];
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page, problems } = opened;
    await page.getByRole("button", { name: "Invite" }).click();
    const panel = page.getByRole("region", { name: "Invite" });
    const link = panel.getByLabel("Link", { exact: true });
    // A coordinator tells a link that it did not print only to who had it made.
    await expect.poll(() => panel.locator(".given b").allTextContents()).toEqual(["Lend a tab or a phone", "Bring a job"]);
    expect(await link.count()).toBe(0);
    await panel.getByRole("button", { name: "New link to lend a machine" }).click();
    await expect.poll(() => coordinator.invites.some(({ id }) => id === "made-3")).toBe(true);
    await expect.poll(() => link.inputValue()).toBe(coordinator.linkOf("made-3"));
    await panel.getByRole("img", { name: "QR code of the link" }).waitFor();
    expect(coordinator.invites.at(-1)).toMatchObject({ scopes: ["work"], volunteer: false });
    await panel.getByRole("button", { name: "Copy link" }).click();
    await panel.getByRole("button", { name: "Copied" }).waitFor();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(coordinator.linkOf("made-3"));
    await panel.getByRole("button", { name: "Copy command" }).click();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(`shoal work "${coordinator.linkOf("made-3")}"`);
    await panel.getByRole("button", { name: "New link to lend a tab or a phone" }).click();
    await expect.poll(() => coordinator.invites.some(({ id }) => id === "made-4")).toBe(true);
    await expect.poll(() => link.inputValue()).toBe(coordinator.linkOf("made-4"));
    const own = panel.locator(".given li", { hasText: "Lend a machine" });
    await own.getByRole("button", { name: "Show" }).click();
    await expect.poll(() => link.inputValue()).toBe(coordinator.linkOf("made-3"));
    await own.getByRole("button", { name: "Revoke …" }).click();
    await own.getByRole("button", { name: "Keep it" }).click();
    expect(coordinator.invites.filter(({ revoked }) => revoked)).toEqual([]);
    await own.getByRole("button", { name: "Revoke …" }).click();
    await own.getByRole("button", { name: "Revoke for good" }).click();
    await expect.poll(() => link.inputValue()).toBe(coordinator.linkOf("made-4"));
    expect(coordinator.invites.filter(({ revoked }) => revoked).map(({ id }) => id)).toEqual(["made-3"]);
    await expect.poll(() => own.count()).toBe(0);
    await panel.getByRole("button", { name: "Close" }).click();
    await expect.poll(() => panel.count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test("makes a link that only watches, and says which link lets in to everything", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.invites = [{ ...invite("all", false), scopes: ["submit", "observe"], used: 7, link: "https://192.168.1.20:7077/dashboard/#all" }];
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    await page.getByRole("button", { name: "Invite" }).click();
    const panel = page.getByRole("region", { name: "Invite" });
    const given = (name: string) => panel.locator(".given li").filter({ has: page.getByText(name, { exact: true }) });
    await expect.poll(() => given("Watch, and see links").textContent()).toMatch(/used.* left.*It lets in to everything: keep it to yourself\./);
    expect(await given("Watch, and see links").textContent()).not.toContain("7");
    await panel.getByRole("button", { name: "New link to watch" }).click();
    const link = panel.getByLabel("Link", { exact: true });
    await expect.poll(() => link.inputValue()).toMatch(/\/dashboard\/#/);
    expect(coordinator.invites.at(-1)).toMatchObject({ scopes: ["observe"], volunteer: false });
    expect(await panel.textContent()).toContain("Who has it sees this page with its rows, and can change nothing.");
    expect(await given("Watch").textContent()).toMatch(/^Watchnot used yet.* leftShowRevoke …$/);
    expect(problems).toEqual([]);
  });

  test("offers no invites to who may only watch", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.submits = false;
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    await untilLive(opened.page, 96);
    expect(await opened.page.getByRole("button", { name: "Invite" }).count()).toBe(0);
    expect(opened.problems).toEqual([]);
  });

  test("goes on after a cut, leaves out what it can't read, says why nothing is committed, and why it is not let in", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(50));
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    await untilLive(page, 50);
    coordinator.write("<html>not a snapshot</html>\n{\"at\":\n");
    await page.getByText("2 lines from the coordinator could not be read and were left out.").waitFor();
    coordinator.fall();
    await page.getByText(/^The connection is cut: .* What stands here is from 09:30:50\./).waitFor();
    await page.getByText(/^reconnecting/).waitFor();
    coordinator.show({ ...scene(60), paused: "the disk of the coordinator is full." });
    coordinator.rise();
    await untilLive(page, 60);
    expect(coordinator.opened).toBe(2);
    await page.getByText("Nothing is committed at the moment: the disk of the coordinator is full.").waitFor();
    coordinator.revokeAll();
    await page.getByText(/^This link lets nobody in: it has expired, was revoked/).waitFor();
    await page.getByText("not let in").waitFor();
    const refused = coordinator.refused;
    await page.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => coordinator.refused).toBe(refused + 1);
    coordinator.refuseWith = 403;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/^This link is for something else than watching/).waitFor();
    expect(problems).toEqual([]);
  });

  test("a coordinator that is gone when all jobs are over is not waited for", async () => {
    await using coordinator = await stage.coordinator();
    const over = scene(600);
    expect(over.jobs.map(({ state }) => state)).toEqual(["done"]);
    coordinator.show(over);
    await using opened = await stage.open(coordinator);
    await untilLive(opened.page, 600);
    coordinator.fall();
    await opened.page.getByText(/^The run has ended: .* What stands here is from 09:40:00\./).waitFor();
    await opened.page.getByText("ended", { exact: true }).first().waitFor();
    expect(await opened.page.getByText(/reconnecting|The connection is cut/).count()).toBe(0);
    expect(opened.problems).toEqual([]);
  });

  test("shows what made a job fail, and several jobs at once", async () => {
    await using coordinator = await stage.coordinator();
    const [job] = scene(96).jobs;
    if (job === undefined) throw new Error("The scene has no job.");
    coordinator.show({
      ...scene(96),
      jobs: [
        { ...job, job: "old", name: "captions", state: "failed", endedAt: startedAt + 40_000, error: { code: "input-changed", message: "Block 7 is not what it was.", hint: "Start it anew." } },
        { ...job, job: "open", name: "an endless feed", rowsTotal: undefined as never, etaMs: undefined as never },
        { ...job, rowsTotal: 95_520, isEstimate: true },
      ],
    });
    await using opened = await stage.open(coordinator, { viewport: { width: 390, height: 800 } });
    const { page, problems } = opened;
    await untilLive(page, 96);
    expect(await page.locator(".job .name").allTextContents()).toEqual(["an endless feed", "sentiment of reviews", "captions"]);
    // What is over is a line, below who is there.
    const failed = page.getByRole("region", { name: "Finished jobs" }).locator("details.job");
    expect(await failed.textContent()).toBe("captionsfailed93,676 rows in 40 s");
    expect((await failed.boundingBox())?.height).toBeLessThan(50);
    const order = await Promise.all(["an endless feed", "sentiment of reviews"].map((name) => page.getByRole("article", { name })).concat(page.getByRole("region", { name: "Workers" }), failed).map(async (part) => (await part.boundingBox())?.y ?? 0));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await failed.getByText("captions").click();
    expect(await failed.getByRole("alert").textContent()).toBe("input-changed Block 7 is not what it was.Start it anew.");
    expect(await page.getByRole("article", { name: "an endless feed" }).getByRole("progressbar").getAttribute("aria-label")).toBe("how many rows there are is not known yet");
    const reckoned = page.getByRole("article", { name: "sentiment of reviews" });
    expect(await reckoned.locator(".rows dd").textContent()).toMatch(/^[\d,]+ of about 95,520$/);
    expect(await reckoned.getByRole("progressbar").first().getAttribute("aria-label")).toMatch(/^about \d+ % of the rows$/);
    // Nothing sticks out of a phone.
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    expect(problems).toEqual([]);
  });

  test("with nothing but finished jobs, the last one is open; one that ends under the eyes stays where it is until another runs", async () => {
    await using coordinator = await stage.coordinator();
    const ended = (job: string, at: number) => ({ ...(scene(300).jobs[0] as (typeof over)["jobs"][number]), job, name: `job ${job}`, endedAt: startedAt + at * 1000 });
    const over = scene(300);
    const two = [ended("one", 100), ended("two", 200)];
    coordinator.show({ ...over, jobs: two });
    await using opened = await stage.open(coordinator);
    const { page, problems } = opened;
    const finished = page.getByRole("region", { name: "Finished jobs" });
    await untilLive(page, 300);
    const opens = () => finished.locator("details.job").evaluateAll((all: any[]) => all.map((each) => [each.querySelector(".name").textContent, each.open]));
    expect(await opens()).toEqual([["job two", true], ["job one", false]]);
    await finished.getByText("job one").click();
    await expect.poll(opens).toEqual([["job two", true], ["job one", true]]);
    await expect.poll(() => finished.locator(".figures").count()).toBe(2);
    // On a desk it stands at the top of its column, beside the workers.
    const top = async (part: Locator) => (await part.boundingBox())?.y;
    expect(await top(finished)).toBe(await top(page.getByRole("region", { name: "Workers" })));
    coordinator.show({ ...scene(301), jobs: [...two, { ...ended("three", 0), state: "running", endedAt: undefined as never }] });
    await page.getByRole("article", { name: "job three" }).waitFor();
    coordinator.show({ ...scene(302), jobs: [...two, ended("three", 302)] });
    await untilLive(page, 302);
    expect(await page.getByRole("article", { name: "job three" }).locator(".figures").count()).toBe(1);
    expect((await opens()).map(([name]) => name)).toEqual(["job two", "job one"]);
    coordinator.show({ ...scene(303), jobs: [...two, ended("three", 302), { ...ended("four", 0), state: "running", endedAt: undefined as never }] });
    await untilLive(page, 303);
    expect((await opens()).map(([name]) => name)).toEqual(["job three", "job two", "job one"]);
    expect(problems).toEqual([]);
  });

  test("the axis of time tells each second once, also in the first ones", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(1));
    await using opened = await stage.open(coordinator);
    const { page } = opened;
    await untilLive(page, 1);
    // Of what is painted, the words of the last time.
    await page.evaluate(() => {
      const drawing = (globalThis as any).CanvasRenderingContext2D.prototype;
      const { fillText, clearRect } = drawing;
      let words: string[] = [];
      Object.assign(globalThis, { words: () => words });
      drawing.clearRect = function (...box: unknown[]) {
        if (this.canvas.closest(".chart")) words = [];
        return clearRect.apply(this, box);
      };
      drawing.fillText = function (text: string, ...place: unknown[]) {
        if (this.canvas.closest(".chart")) words.push(text);
        return fillText.call(this, text, ...place);
      };
    });
    const times = async () => (await page.evaluate<string[]>("words()")).filter((text) => text.includes(":"));
    for (let second = 2; second <= 12; second++) {
      coordinator.show(scene(second));
      await untilLive(page, second);
      const told = await times();
      expect(told).toEqual([...new Set(told)]);
    }
    await expect.poll(async () => (await times()).length).toBeGreaterThan(1);
  });

  test("can be used by keys alone", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.invites = [invite("v", true)];
    coordinator.show(scene(96));
    await using opened = await stage.open(coordinator);
    const { page } = opened;
    await page.getByRole("button", { name: "Invite" }).waitFor();
    const reached: string[] = [];
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate<string>('document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""'));
    }
    for (const name of [/^Invite$/, /^sentiment of reviews/, /^Map of blocks/, /^Hold$/, /^Finished rows$/, /text-too-long/, /1 gone/]) expect(reached.some((text) => name.test(text)), `${name} among ${reached.join(" | ")}`).toBe(true);
  });

  test("stands still while numbers change", async () => {
    await using coordinator = await stage.coordinator();
    coordinator.show(scene(80));
    await using opened = await stage.open(coordinator);
    const { page } = opened;
    await untilLive(page, 80);
    const places = async () => Promise.all([".progress", ".chart", ".map", ".legend", ".samples", ".failures"].map(async (part) => (await page.locator(part).first().boundingBox())?.y));
    const before = await places();
    for (let second = 81; second < 90; second++) coordinator.show(scene(second));
    await untilLive(page, 89);
    expect(await places()).toEqual(before);
    await page.locator(".map canvas").hover({ position: { x: 40, y: 10 } });
    await page.locator(".map .readout", { hasText: "Block" }).waitFor();
    expect(await places()).toEqual(before);
  });
});
