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
/** Code for Arrow, which only Arrow's own tables and files need. */
const arrow = /\/(arrow|reader|writer)-[\w-]{8}\.js$/;

test.skipIf(executablePath === undefined)(`a page that runs one text classification loads at most ${most} kB of ours, its workers included, and no Arrow`, { timeout: 120_000 }, async () => {
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
  for (const part of [/index-/, /actor-entry/, /session-worker/, modelLibraries]) expect(scripts).toContainEqual(expect.stringMatching(part));
  const sizes = await Promise.all(scripts.filter((path) => !modelLibraries.test(path)).map(async (path) => ({ path, kB: gzipSync(await readFile(`${outDir}${path}`)).byteLength / 1000 })));
  const sum = sizes.reduce((total, { kB }) => total + kB, 0);
  expect(sum, `${sum.toFixed(1)} kB gzip:\n${sizes.map(({ path, kB }) => `${kB.toFixed(1)} kB ${path}`).join("\n")}`).toBeLessThanOrEqual(most);
  expect(scripts.filter((path) => arrow.test(path))).toEqual([]);
});
