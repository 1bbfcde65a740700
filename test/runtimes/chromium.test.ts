import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findChromium } from "./find-chromium.ts";

const chromium = findChromium();
const workspace = fileURLToPath(new URL("../../", import.meta.url));
const vitest = fileURLToPath(new URL("./vitest.mjs", import.meta.resolve("vitest/package.json")));
const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS$|NODE_ENV$|VITEST)/.test(key)));

test.skipIf(chromium === undefined)("onnxruntime-web passes the suite inside Chromium, on wasm and on webgpu", { timeout: 240_000 }, async () => {
  const config = fileURLToPath(new URL("inside/chromium.vitest.config.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, "run", "--root", workspace, "--config", config, "--reporter", "json"], { cwd: workspace, env: { ...env, CHROMIUM: chromium as string } })
    .catch((error: { stdout: string; stderr: string }) => ({ stdout: error.stdout || JSON.stringify({ stderr: error.stderr }) }));
  expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: expect.toSatisfy((passed) => passed > 40) as number, numFailedTests: 0, success: true });
});
