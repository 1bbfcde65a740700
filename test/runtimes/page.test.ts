import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type Page } from "playwright";
import { fromItems } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { textGeneration } from "shoal/transformers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "./find-chromium.ts";
import type { stories } from "./page/page.ts";
import { chromiumArgs, servePage, type ServedPage } from "./serve-page.ts";

const root = fileURLToPath(new URL("page/", import.meta.url));
const models = fileURLToPath(new URL("../../packages/tiny-models/models/", import.meta.url));
const executablePath = findChromium();
/** kB gzip. */
const mostCode = 120;
const prompts = [{ prompt: "Once upon a time" }, { prompt: "The little dog" }];

test("the documentation shows this page", async () => {
  const text = await readFile(new URL("../../packages/shoal/PREDICTORS.md", import.meta.url), "utf8");
  const shown = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);
  expect(shown).toHaveLength(2);
  const page = await Promise.all(["page.ts", "vite.config.js"].map((file) => readFile(`${root}${file}`, "utf8")));
  expect(shown.filter((code) => !page.some((file) => file.includes(String(code))))).toEqual([]);
});

describe.skipIf(executablePath === undefined)("a page built by vite, with no worker of its own", () => {
  let served: ServedPage;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    served = await servePage(new URL("page/", import.meta.url), { models });
    browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), headless: true, chromiumSandbox: false, args: [...chromiumArgs] });
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("request", (request) => !request.url().startsWith(base()) && !/^(blob|data):/.test(request.url()) && problems.push(`asked ${request.url()}`));
    await page.goto(base());
    await page.waitForFunction("globalThis.stories !== undefined");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await served?.[Symbol.asyncDispose]();
  });

  const base = (): string => served.address;

  function tell<Name extends keyof typeof stories>(name: Name, ...given: Parameters<(typeof stories)[Name]>): Promise<Awaited<ReturnType<(typeof stories)[Name]>>> {
    return page.evaluate(([story, values]) => (globalThis as unknown as { stories: Record<string, (...values: unknown[]) => never> }).stories[story as string]?.(...(values as unknown[])) as never, [name, given] as const);
  }

  test.each(["wasm", "webgpu", "auto"] as const)("labels rows on %s", { timeout: 60_000 }, async (device) => {
    const rows = await tell("label", device);
    expect(rows.map((row) => row.label)).toEqual(["POSITIVE", "NEGATIVE", "POSITIVE"]);
    for (const { score } of rows) expect(score).toBeGreaterThan(0.5);
  });

  test("completes texts as they are completed here", { timeout: 60_000 }, async () => {
    const here = fromItems(prompts).mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 8 }), { device: "cpu" });
    expect(await tell("complete", "wasm", prompts)).toEqual(await here.takeAll());
  });

  test("a predictor of one's own runs in the worker that its entry serves", async () => {
    expect(await tell("scored")).toEqual([{ n: 3, square: 9, window: 0 }, { n: 4, square: 16, window: 0 }]);
  });

  test("without that entry the error shows it", async () => {
    expect(await tell("scoredByModule")).toMatchObject({ code: "predictor-not-importable", hint: expect.stringContaining("new Worker(new URL(") as string });
  });

  test("needs no timer of the page's, which a hidden page hardly has", async () => {
    expect(await tell("withoutTimers")).toBe(200);
  });

  test("writes and reads the page's own files", async () => {
    expect(await tell("throughFiles")).toMatchObject({ rows: 3, read: [{ length: 17 }, { length: 21 }, { length: 35 }], finished: true });
  });

  test("a model on the page's server is kept, and there when the server is not", async () => {
    const labels = ["POSITIVE", "NEGATIVE", "POSITIVE"];
    const kept = ["config.json", "onnx/model.onnx", "tokenizer.json", "tokenizer_config.json"].map((file) => `/models/sentiment/${file}`);
    expect(await tell("served")).toEqual({ labels, kept });
    await page.route("**/models/sentiment/**", (route) => route.abort());
    expect(await tell("served")).toEqual({ labels, kept });
    await page.unroute("**/models/sentiment/**");
  });

  test("a directory is no model in a page, and a missing one is said to be so", async () => {
    expect(await tell("missing", "./models/sentiment")).toMatchObject({ code: "model-not-found", message: expect.stringContaining("Serve the model's files") as string });
    expect(await tell("missing", "/models/nothing/")).toMatchObject({ code: "model-not-found", message: expect.stringContaining(`${base()}/models/nothing/config.json`) as string });
  });

  test(`loads at most ${mostCode} kB for one classification, and its actor as much`, { timeout: 60_000 }, async () => {
    const visit = await browser.newContext();
    const loaded = new Set<string>();
    visit.on("request", (request) => loaded.add(new URL(request.url()).pathname));
    const fresh = await visit.newPage();
    await fresh.goto(base());
    await fresh.waitForFunction("globalThis.stories?.label('wasm').then((rows) => rows.length === 3)");
    await visit.close();
    // Those two are libraries of the model's. Arrow is one too, but no dataset goes without it.
    const scripts = [...loaded].filter((path) => path.endsWith(".js") && !/\/(ort|tokenizers)[.-]/.test(path));
    const sizes = await Promise.all(scripts.map(async (path) => ({ path, kB: gzipSync(await readFile(`${served.folder}${path}`)).byteLength / 1000 })));
    const actor = sizes.findIndex(({ path }) => path.includes("actor-entry"));
    for (const part of [sizes.slice(0, actor), sizes.slice(actor)]) {
      expect(part.length).toBeGreaterThan(3);
      const list = part.map(({ path, kB }) => `${kB.toFixed(1)} kB ${path}`).join("\n");
      expect(part.reduce((sum, { kB }) => sum + kB, 0), `More than ${mostCode} kB:\n${list}`).toBeLessThanOrEqual(mostCode);
    }
  });

  test("asked nobody else for anything, and nothing went wrong unseen", () => {
    expect(problems).toEqual([]);
  });
});
