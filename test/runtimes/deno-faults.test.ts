// A GPU that is lost in Deno, whose WebGPU is its own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findRuntime } from "./find-runtime.ts";
import { denoHasGpu } from "./deno-gpu.ts";

const deno = findRuntime("deno");

test.skipIf(deno === undefined || !denoHasGpu())("a WebGPU device destroyed in the middle of a run, in Deno: another actor has another, and every row is there, once", { timeout: 120_000 }, async () => {
  const script = fileURLToPath(new URL("faults/lose-device.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(deno?.path as string, deno?.command(script, "@shoal/source"), { timeout: 110_000, killSignal: "SIGKILL" });
  expect(JSON.parse(stdout)).toEqual({ wrong: [], lost: [expect.stringMatching(/webgpu was lost \(destroyed\)/)], devices: ["webgpu", "webgpu"] });
});
