import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { build, defaultClientConditions, preview } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";

const root = fileURLToPath(new URL("one-pipeline-page/", import.meta.url));
const out = fileURLToPath(new URL("../out/", import.meta.url));
const executablePath = findChromium();
/** kB gzip. */
const most = 120;
/** Libraries of the model's. */
const modelLibraries = /\/(ort|tokenizers)[.-]/;
/** Arrow and its two lazy parts, with some kB of core's in the same chunk. The page has them, and the actor has its own. */
const arrow = /\/(arrow|reader|writer)-[\w-]{8}\.js$/;

test.skipIf(executablePath === undefined)(`a page that runs one text classification loads at most ${most} kB of ours, its workers included; with Arrow the page, and its workers, as much each`, { timeout: 120_000 }, async () => {
  await mkdir(out, { recursive: true });
  const outDir = await mkdtemp(`${out}one-pipeline-`);
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  await build({ root, configFile: false, logLevel: "error", resolve: { conditions: ["@shoal/source", ...defaultClientConditions] }, worker: { format: "es" }, build: { outDir, target: "es2023" } });
  const server = await preview({ root, configFile: false, logLevel: "error", build: { outDir }, preview: { port: 0, host: "127.0.0.1" } });
  onTestFinished(() => server.close());
  const browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), headless: true, chromiumSandbox: false, args: ["--disable-background-networking"] });
  onTestFinished(() => browser.close());

  const page = await browser.newPage();
  const loaded = new Set<string>();
  page.context().on("request", (request) => loaded.add(new URL(request.url()).pathname));
  await page.goto(String(server.resolvedUrls?.local[0]));
  await page.waitForFunction("globalThis.labels !== undefined");
  expect(await page.evaluate("globalThis.labels")).toEqual(["POSITIVE", "NEGATIVE"]);

  const scripts = [...loaded].filter((path) => path.endsWith(".js"));
  for (const part of [/index-/, /actor-entry/, /session-worker/, modelLibraries, arrow]) expect(scripts).toContainEqual(expect.stringMatching(part));
  const sizes = await Promise.all(scripts.filter((path) => !modelLibraries.test(path)).map(async (path) => ({ path, kB: gzipSync(await readFile(`${outDir}${path}`)).byteLength / 1000 })));
  const actor = sizes.findIndex(({ path }) => path.includes("actor-entry"));
  for (const part of [sizes.filter(({ path }) => !arrow.test(path)), sizes.slice(0, actor), sizes.slice(actor)]) {
    const sum = part.reduce((total, { kB }) => total + kB, 0);
    expect(sum, `${sum.toFixed(1)} kB gzip:\n${part.map(({ path, kB }) => `${kB.toFixed(1)} kB ${path}`).join("\n")}`).toBeLessThanOrEqual(most);
  }
});
