import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { readParquet } from "shoal";
import { build, preview } from "vite";
import { describe, expect, onTestFinished, test } from "vitest";
import { findChromium } from "./find-chromium.ts";
import { findRuntime } from "./find-runtime.ts";

const run = promisify(execFile);
const workspace = fileURLToPath(new URL("../../", import.meta.url));
const example = `${workspace}apps/examples/everywhere/`;
const counts = /^POSITIVE \(\d+ %\): [^]*POSITIVE: 1648,[^]*NEGATIVE: 1352/;
const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS$|NODE_ENV$|VITEST)/.test(key)));

test("Node runs the pipeline", { timeout: 60_000 }, async () => {
  const { stdout } = await run(process.execPath, ["--conditions=@shoal/source", "--import", "@shoal/workers/ts-loader", `${example}run.ts`], { cwd: workspace, env });
  expect(stdout).toMatch(counts);
});

const bun = findRuntime("bun");
test.skipIf(bun === undefined)("Bun runs the same", { timeout: 60_000 }, async () => {
  const { stdout } = await run(bun?.path as string, ["--conditions=@shoal/source", `${example}run.ts`], { cwd: workspace, env });
  expect(stdout).toMatch(counts);
});

const deno = findRuntime("deno");
test.skipIf(deno === undefined)("Deno runs the same, with the permissions that its page names", { timeout: 60_000 }, async () => {
  const permissions = ["--allow-env", "--allow-sys", "--allow-run", "--allow-read"];
  expect(await readFile(`${example}README.md`, "utf8")).toContain(`${permissions.join(" ")} apps/examples/everywhere/run.ts`);
  const { stdout } = await run(deno?.path as string, ["run", "--no-prompt", "--conditions=@shoal/source", ...permissions, `${example}run.ts`], { cwd: workspace, env });
  expect(stdout).toMatch(counts);
});

const executablePath = findChromium();
describe.skipIf(executablePath === undefined)("a page runs the same", () => {
  test("from a click to a file of results", { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-everywhere-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const configFile = `${example}page/vite.config.ts`;
    await build({ root: `${example}page`, configFile, logLevel: "error", build: { outDir: `${folder}/page` } });
    const server = await preview({ root: `${example}page`, configFile, logLevel: "error", build: { outDir: `${folder}/page` }, preview: { port: 0, host: "127.0.0.1" } });
    onTestFinished(() => server.close());
    const browser = await chromium.launch({ executablePath: executablePath as string, chromiumSandbox: false, args: ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
    onTestFinished(() => browser.close());

    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(server.resolvedUrls?.local[0] as string);
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/^Done: 3,000 reviews/).waitFor({ timeout: 60_000 });
    expect(await page.locator("#chosen").textContent()).toBe("CPU (WASM)");
    expect(await page.locator("#share").textContent()).toBe("55 %");
    expect(await page.locator("#rows tr").count()).toBe(12);
    expect(await page.locator("#report").textContent()).toMatch(/3,000 rows in/);

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Download all as Parquet").click()]);
    await download.saveAs(`${folder}/opinions.parquet`);
    const rows = await readParquet<{ id: number; opinion: string }>(`${folder}/opinions.parquet`).takeAll(Infinity);
    expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 3000 }, (_, id) => id));
    expect(rows.filter(({ opinion }) => opinion === "POSITIVE")).toHaveLength(1648);

    // A file of one's own, and stopping.
    await page.setInputFiles("#file", { name: "mine.jsonl", mimeType: "application/jsonl", buffer: Buffer.from('{"id":1,"review":"It was wonderful"}\n{"id":2,"review":"It was terrible"}\n') });
    await page.getByRole("button", { name: "Start again" }).click();
    await page.getByText(/^Done: 2 reviews/).waitFor();
    expect(await page.locator("#rows").textContent()).toMatch(/NEGATIVE.*It was terrible.*POSITIVE.*It was wonderful/);
    await page.setInputFiles("#file", { name: "broken.jsonl", mimeType: "application/jsonl", buffer: Buffer.from("not json\n") });
    await page.getByRole("button", { name: "Start again" }).click();
    await page.getByText(/broken\.jsonl/).first().waitFor();
    expect(problems).toEqual([]);
  });
});
