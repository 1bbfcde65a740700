import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, defaultClientConditions } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { opinions, sentimentSegment, startCoordinatorServer } from "./coordinator-server.ts";
import { valuesOf } from "./fleet-of-one.ts";
import { until } from "./scripted-gateway.ts";

const executablePath = findChromium();

test.skipIf(executablePath === undefined)("a tab computes with the coordinator's model, is the same worker after a reload, and has the model still", { timeout: 180_000 }, async () => {
  const out = fileURLToPath(new URL("../out/", import.meta.url));
  await mkdir(out, { recursive: true });
  const outDir = await mkdtemp(`${out}tab-`);
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  await build({
    root: fileURLToPath(new URL("page/", import.meta.url)), base: "./", configFile: false, logLevel: "error",
    resolve: { conditions: ["@shoal/source", ...defaultClientConditions] }, worker: { format: "es" }, build: { outDir, target: "es2023" },
  });
  const server = await startCoordinatorServer(0, outDir);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), headless: true, chromiumSandbox: false, args: ["--disable-background-networking"] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(server.link);

  const connection = await server.connection();
  const { message: hello } = await connection.next("hello");
  expect(hello).toMatchObject({ role: "worker", token: "a-token", worker: { host: "tab", runtime: expect.stringMatching(/^[A-Z][\w ]+ \d+$/) as string, devices: ["wasm"], runsCode: false } });
  connection.welcome();
  connection.send(sentimentSegment());
  connection.lease({ block: 0, rows: opinions("I loved this film", "The food was terrible"), attempt: 1 });
  const { message, payload } = await connection.next("result");
  expect(valuesOf(payload, "label")).toEqual(["POSITIVE", "NEGATIVE"]);
  expect(message.stats.device).toBe("wasm");
  expect(await page.evaluate("globalThis.told.map(({ kind }) => kind)")).toEqual(expect.arrayContaining(["connected", "job", "loading", "computing", "progress"]));

  // Fetched by the agent, told to the page, found by the actor.
  const model = sentimentSegment().description.model?.files.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(await page.evaluate("globalThis.told.filter(({ kind }) => kind === 'loading').at(-1)")).toMatchObject({ bytes: model, doneBytes: expect.any(Number) as number });
  const asked = server.requested.filter((path) => path.endsWith("model.onnx")).length;
  expect(asked).toBe(1);
  await page.reload();
  const again = await server.connection(2);
  const { message: helloAgain } = await again.next("hello");
  expect(helloAgain.name).toBe(hello.name);
  await until(() => connection.closed);
  again.welcome();
  again.send(sentimentSegment());
  again.lease({ block: 1, rows: opinions("a wonderful place"), attempt: 2 });
  const { message: second } = await again.next("result");
  expect(server.requested.filter((path) => path.endsWith("model.onnx")).length).toBe(asked);
  await page.evaluate("globalThis.drain()");
  await again.next("draining");
  again.settle(second);
  await page.waitForFunction("globalThis.told.at(-1)?.kind === 'ended'");
});
