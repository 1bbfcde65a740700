import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const folder = await mkdtemp(join(tmpdir(), "shoal-chromium-"));
  try {
    // On standard output the server of the pages has things to say too.
    const report = join(folder, "report.json");
    const args = ["run", "--root", workspace, "--config", config, "--reporter", "json", "--outputFile", report];
    const said = await promisify(execFile)(process.execPath, [vitest, ...args], { cwd: workspace, env: { ...env, CHROMIUM: chromium as string } }).catch((error: { stderr: string }) => error);
    const results = await readFile(report, "utf8").then((text) => JSON.parse(text) as object, () => ({ stderr: said.stderr }));
    expect(results).toMatchObject({ numPassedTests: expect.toSatisfy((passed) => passed > 40) as number, numFailedTests: 0, success: true });
  } finally {
    await rm(folder, { recursive: true });
  }
});
