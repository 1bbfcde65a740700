import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
const script = fileURLToPath(new URL("./fixtures/onnx-script.ts", import.meta.url));

/** Rejects when the process ends with anything but 0: with 134 when a thread was ended during a run. */
async function output(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@shoal/source", "--import", loader, script, ...args], { timeout: 20_000 });
  return stdout.trim().split("\n");
}

test("a script that disposes of nothing ends by itself", async () => {
  expect(await output()).toEqual(["42"]);
});

test("disposing during a run does not abort the process", async () => {
  expect(await output("dispose-during-run")).toEqual(["42", "600,600"]);
});
