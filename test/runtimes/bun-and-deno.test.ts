import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { findRuntime } from "./find-runtime.ts";

const run = promisify(execFile);
const workspace = fileURLToPath(new URL("../../", import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const vitest = fileURLToPath(new URL("./vitest.mjs", import.meta.resolve("vitest/package.json")));

describe.each(["bun", "deno"] as const)("%s runs the source as it stands", (name) => {
  const runtime = findRuntime(name);
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS$|NODE_ENV$|VITEST)/.test(key)));

  async function output(file: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(runtime?.path as string, [...(runtime?.command(fixture(file), "@shoal/source") ?? []), ...args], { cwd: workspace, env });
    return stdout;
  }

  test.skipIf(runtime === undefined)("its actor hosts, ONNX runtimes and engines pass their suites, inside it", { timeout: 180_000 }, async () => {
    const args = ["run", "--root", workspace, "--config", fixture("inside/vitest.config.mjs"), "--reporter", "json"];
    const { stdout } = await run(runtime?.path as string, [...(runtime?.command(vitest, "@shoal/source") ?? []), ...args], { cwd: workspace, env: { ...env, SHOAL_RUNTIME: name } })
      .catch((error: { stdout: string; stderr: string }) => ({ stdout: error.stdout || JSON.stringify({ stderr: error.stderr }) }));
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: expect.toSatisfy((passed) => passed > 100) as number, numFailedTests: 0, success: true });
  });

  test.skipIf(runtime === undefined)("a model labels rows", async () => {
    expect(await output("fixtures/opinions.ts")).toBe("POSITIVE\nNEGATIVE\nPOSITIVE\n");
  });

  test.skipIf(runtime === undefined)("a model labels rows on the CPU by either library, and says so where there is no such device", { timeout: 60_000 }, async () => {
    const labels = "POSITIVE NEGATIVE POSITIVE";
    const [cpu, wasm, webgpu] = (await output("fixtures/devices.ts", "cpu", "wasm", "webgpu")).trim().split("\n");
    expect([cpu, wasm]).toEqual([labels, labels]);
    // A machine may have a driver, or none.
    expect([labels, "device-unavailable"]).toContain(webgpu);
  });

  test.skipIf(runtime === undefined)("a worker that the job starts serves a predictor, and keeps out of the job's standard output", async () => {
    expect(await output("fixtures/worker-job.ts")).toBe(`[{"n":21}]\n`);
  });

  test.skipIf(runtime === undefined)("every row is there, once, after an actor was killed", async () => {
    expect(JSON.parse(await output("fixtures/killed-actor.ts"))).toEqual({ inOrder: true, rows: 200, killed: true, otherActors: true, here: false });
  });

  test.skipIf(runtime === undefined).each([
    ["idle", "waits"],
    ["blocking its thread", "spins"],
    ["being loaded", "neverLoads"],
    ["in a native run", "nativeRun"],
  ])("no actor outlives its killed parent: %s", async (_state, predictor) => {
    const parent = spawn(runtime?.path as string, [...(runtime?.command(fixture("../conformance/fixtures/hold-actor.ts"), "@shoal/source") ?? []), predictor], { cwd: workspace, env, stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("held");
    const actors = await children(parent.pid as number);
    expect(actors).toHaveLength(1);
    onTestFinished(() => actors.forEach(end));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await vi.waitUntil(async () => (await Promise.all(actors.map(isGone))).every(Boolean), { timeout: 10_000, interval: 50 });
  });
});

const deno = findRuntime("deno");

test.skipIf(deno === undefined)("a job in Deno needs the permissions that README.md lists, and no others", { timeout: 60_000 }, async () => {
  const opinions = (...permissions: string[]): Promise<{ stdout: string }> =>
    run(deno?.path as string, ["run", "--no-prompt", "--conditions=@shoal/source", ...permissions, fixture("fixtures/opinions.ts")], { cwd: workspace });
  const needed = ["--allow-env", "--allow-sys", "--allow-run"];
  expect(await readFile(join(workspace, "README.md"), "utf8")).toContain(needed.join(" "));
  expect((await opinions(...needed)).stdout).toBe("POSITIVE\nNEGATIVE\nPOSITIVE\n");
  for (const missing of needed) await expect(opinions(...needed.filter((each) => each !== missing))).rejects.toThrow(missing);
});

async function children(pid: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(pid)]);
  return stdout.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** A zombie is gone: whoever inherited it only has not looked yet. */
async function isGone(pid: number): Promise<boolean> {
  const { stdout } = await run("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim() === "" || stdout.startsWith("Z");
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, as it should.
  }
}
