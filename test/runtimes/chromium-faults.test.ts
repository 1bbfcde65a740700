// What goes wrong in a browser, done to a real one: every row is there, once.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserServer } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { OnnxFile } from "../bench/inputs/onnx-file.ts";
import { FaultTab } from "./faults/fault-tab.ts";
import { gpuProcess } from "./faults/gpu-process.ts";
import { wrongRows } from "./faults/opinion-rows.ts";
import { findChromium } from "./find-chromium.ts";
import { chromiumArgs, servePage, type ServedPage } from "./serve-page.ts";

const out = fileURLToPath(new URL("../out/", import.meta.url));
const executablePath = findChromium();
// Without the first a few crashes of the GPU process end the browser, without the second they leave the page without a GPU.
const args = [...chromiumArgs, "--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];

describe.skipIf(executablePath === undefined)("Chromium", () => {
  let served: ServedPage;
  let server: BrowserServer;
  let browser: Browser;
  let models: string;

  beforeAll(async () => {
    await mkdir(out, { recursive: true });
    models = await mkdtemp(`${out}faults-`);
    served = await servePage(new URL("faults/page/", import.meta.url), { models });
    server = await chromium.launchServer({ executablePath: executablePath as string, headless: true, chromiumSandbox: false, args });
    browser = await chromium.connect(server.wsEndpoint());
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await served?.[Symbol.asyncDispose]();
    if (models !== undefined) await rm(models, { recursive: true, force: true });
  });

  async function openTab(): Promise<FaultTab> {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(served.address);
    return FaultTab.of((expression) => page.evaluate(expression));
  }

  test("a WebGPU device destroyed in the middle of a run: another worker has another, and every row is there, once", { timeout: 240_000 }, async () => {
    const tab = await openTab();
    await tab.call("begin", { device: "webgpu", rows: 96, doomed: true });
    const { rows, lost, devices } = await tab.ended();
    expect(wrongRows(rows, 96)).toEqual([]);
    expect(lost).toEqual([expect.stringMatching(/webgpu was lost \(destroyed\)/)]);
    expect(devices).toEqual(["webgpu", "webgpu"]);
  });

  test("the GPU process killed in the middle of a run: every row is there, once, and on a GPU", { timeout: 240_000 }, async () => {
    const tab = await openTab();
    await tab.call("begin", { device: "webgpu", rows: 96 });
    await tab.until("its first rows were there", ({ rows }) => rows.length > 0);
    process.kill(gpuProcess(server.process().pid as number), "SIGKILL");
    const { rows, lost, devices } = await tab.ended();
    expect(wrongRows(rows, 96)).toEqual([]);
    expect(lost).toEqual([expect.stringMatching(/webgpu was lost/)]);
    expect(devices).toEqual(["webgpu", "webgpu"]);
  });

  test("a worker terminated by another's hand in the middle of a run: every row is there, once", { timeout: 240_000 }, async () => {
    const tab = await openTab();
    await tab.call("begin", { device: "wasm" });
    await tab.until("its first rows were there", ({ rows }) => rows.length > 0);
    await tab.evaluate("watched.workers[0].terminate()");
    await tab.until("the worker was known to be gone", ({ lost }) => lost.length > 0);
    await tab.until("another was there", ({ devices }) => devices.length > 1);
    await tab.enough();
    const { rows, lost } = await tab.ended();
    expect(wrongRows(rows, rows.length)).toEqual([]);
    expect(lost).toEqual([expect.stringContaining("its worker is gone")]);
  });

  test("a batch over the limit of a GPU buffer: the same actor does it in halves", { timeout: 180_000 }, async () => {
    const tab = await openTab();
    const limit = await tab.evaluate<number>("navigator.gpu.requestAdapter().then(({ limits }) => limits.maxBufferSize)");
    // Sixteen rows are over it, by one row; eight are well under.
    const columns = Math.ceil(limit / 15 / 4);
    const file = new OnnxFile();
    file.integers("shape", [2], [1, columns]);
    file.node("Expand", ["x", "shape"], "wide");
    file.node("ReduceMax", ["wide"], "y", { axes: [1] });
    await writeFile(`${models}/wide.onnx`, file.encode({ x: { type: "float32", shape: ["rows", 1] } }, { y: { type: "float32", shape: ["rows", 1] } }));
    const { widest, lost, actors, batches } = await tab.call("widen", `${served.address}/models/wide.onnx`, 16);
    expect(widest).toEqual(Array.from({ length: 16 }, (_, id) => id + 0.5));
    expect({ lost, actors }).toEqual({ lost: 0, actors: 1 });
    // Its halves are no batches of their own in the report, and neither failed.
    expect(batches).toMatchObject({ batches: 1, failedBatches: 1 });
  });
});
