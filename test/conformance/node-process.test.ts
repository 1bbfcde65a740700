import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { blockFromRows, blockRow, silentLogger } from "@shoal/core";
import { double, exits, spins } from "@shoal/testing/actor-host-predictors";
import { processHost } from "@shoal/workers/local";
import { expect, onTestFinished, test, vi } from "vitest";
import { nativeRun } from "./fixtures/native-predictor.ts";

const run = promisify(execFile);
const node = ["--conditions=@shoal/source", "--import", "@shoal/workers/ts-loader"];
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const cwd = fileURLToPath(new URL("../", import.meta.url));

const request = { spec: double.spec, policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true }, device: "cpu", deviceIndex: 0, threads: 1 } as const;
const never = new AbortController().signal;

async function holdActor(predictor: string): Promise<{ parent: ChildProcess; lines: AsyncIterator<string>; children: number[] }> {
  const parent = spawn(process.execPath, [...node, fixture("hold-actor.ts"), predictor], { cwd, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("held");
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(parent.pid)]);
  const children = stdout.trim().split(/\s+/).map(Number);
  onTestFinished(async () => {
    for (const child of children) if (!(await isGone(child))) process.kill(child, "SIGKILL");
  });
  return { parent, lines, children };
}

/** A zombie is gone: whoever inherited it only has not looked yet. */
async function isGone(pid: number): Promise<boolean> {
  const { stdout } = await run("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim() === "" || stdout.startsWith("Z");
}

test.each([
  ["idle", "waits", 1000],
  ["blocking its thread", "spins", 1000],
  // It looks for its parent when its modules are loaded, which takes a busy machine its time.
  ["being loaded", "neverLoads", 5000],
  ["in a native run", "nativeRun", 1000],
])("no actor is left a second after its parent was killed: %s", async (_state, predictor, withinMs) => {
  const { parent, children } = await holdActor(predictor);
  expect(children).toHaveLength(1);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await vi.waitUntil(async () => (await Promise.all(children.map(isGone))).every(Boolean), { timeout: withinMs, interval: 50 });
});

test("an interrupt of the whole group leaves actors to their parent", async () => {
  const { parent, lines } = await holdActor("waits");
  process.kill(-(parent.pid as number), "SIGINT");
  expect((await lines.next()).value).toBe("survived with 1 row");
  expect(await once(parent, "exit")).toEqual([0, null]);
});

test.each(["await", "floating", "catch"])("a script that consumes at its top level is its own predictor's module: %s", async (shape) => {
  const { stdout, stderr } = await run(process.execPath, [...node, fixture("script-job.ts"), `--shape=${shape}`], { cwd });
  expect(stdout).toBe("the body begins\nthree times seven is 21\n");
  expect(stderr).toBe("said inside predict\n");
});

test("an actor's own thread stays free while its session runs", async () => {
  await using host = processHost({ entry: new URL("./fixtures/onnx-actor-entry.ts", import.meta.url) });
  const actor = await host.spawn({ ...request, spec: nativeRun.spec }, never);
  let seen = { first: 0, ticks: 0, ms: 0 };
  // Large enough for some ticks, however fast the machine is.
  for (let n = 1000; seen.ms < 300; n *= 2) {
    const { block } = await actor.process(blockFromRows([{ n }]), never);
    seen = blockRow(block, 0) as typeof seen;
    expect(seen.first).toBe(n);
  }
  const { ticks, ms } = seen;
  // A blocked thread would get one or two turns; a busy machine may take many of ours.
  expect(ticks).toBeGreaterThan(ms / 10 / 3);
});

test("an actor in a native run is killed at once", async () => {
  const said: string[] = [];
  const log = { ...silentLogger, info: (message: string) => void said.push(message) };
  await using host = processHost({ entry: new URL("./fixtures/onnx-actor-entry.ts", import.meta.url), log });
  const actor = await host.spawn({ ...request, spec: nativeRun.spec }, never);
  const open = actor.process(blockFromRows([{ n: 5000 }]), never);
  await vi.waitUntil(() => said.includes("nativeRun#1: in the run"), { timeout: 10_000 });
  await actor.kill("stuck");
  await expect(open).rejects.toMatchObject({ failure: "worker-lost", details: { detail: "stuck (SIGKILL)" } });
});

test("disposing does not wait for the rest of a batch", async () => {
  await using host = processHost({ entry: new URL("./fixtures/actor-entry.ts", import.meta.url), disposeMs: 60_000 });
  const actor = await host.spawn({ ...request, spec: spins.spec }, never);
  const open = actor.process(blockFromRows([{ n: 1 }]), never);
  await vi.waitUntil(() => actor.progress.phase === "predict");
  await Promise.all([actor[Symbol.asyncDispose](), expect(open).rejects.toMatchObject({ failure: "worker-lost" })]);
  expect(await actor.closed).toEqual({ code: "disposed", detail: "SIGKILL" });
}, 10_000);

test("a result says how much memory its process used", async () => {
  await using host = processHost({ entry: new URL("./fixtures/actor-entry.ts", import.meta.url) });
  const { memoryBytes } = await (await host.spawn(request, never)).process(blockFromRows([{ n: 1 }]), never);
  expect(memoryBytes).toBeGreaterThan(10e6);
});

test("a process that never becomes an actor is an error that says how it ended", async () => {
  await using host = processHost({ entry: new URL("./fixtures/absent-entry.ts", import.meta.url) });
  await expect(host.spawn(request, never)).rejects.toMatchObject({ failure: "worker-lost", message: "Actor double#1 died while it was loading: exit code 1." });
});

test("an actor that was lost leaves the host usable", async () => {
  await using host = processHost({ entry: new URL("./fixtures/actor-entry.ts", import.meta.url) });
  const first = await host.spawn({ ...request, spec: exits.spec }, never);
  await expect(first.process(blockFromRows([{ n: 1 }]), never)).rejects.toMatchObject({ failure: "worker-lost" });
  const second = await host.spawn(request, never);
  expect((await second.process(blockFromRows([{ n: 1 }]), never)).block.rows).toBe(1);
});
