import { fork, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { complaintIn, redirectComplaints } from "./device-complaints.ts";

const logged = "2026-11-26 [E:onnxruntime:onnxruntime-node, webgpu_context.cc:171 operator()] WebGPU device error(3): vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\n - While calling [Device].CreateBuffer([BufferDescriptor]).\n";

test("memory is told from the rest of what a device says", () => {
  expect(complaintIn(logged)).toBe("The GPU is out of memory: vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY");
  expect(complaintIn("WebGPU device error(2): Buffer is invalid.")).toBe("Buffer is invalid.");
  expect(complaintIn("Warning: something else")).toBeUndefined();
});

test("a process that is not an actor's keeps its standard error", () => {
  expect(redirectComplaints()).toBeUndefined();
});

describe.skipIf(process.platform === "win32")("an actor's standard error", () => {
  const actorOf = { SHOAL_ACTOR_OF: String(process.pid) };

  test("is read, cut where it is long, and passed on", async () => {
    const { told, written } = await actor([], actorOf);
    expect(told).toEqual(["The GPU is out of memory: no more", null, 0, "after the cut"]);
    expect(written).toBe(`before\nWebGPU device error(3): no more\n${"x".repeat(1024 * 1024)}\nWebGPU device error(2): after the cut\nat the end\n`);
  });

  test("stays as it is in a process that was forked by somebody else, and in one of another actor's", async () => {
    for (const env of [{}, { SHOAL_ACTOR_OF: "1" }]) expect(await actor([], env)).toEqual({ told: "not redirected", written: "before\n" });
  });

  test("stays as it is where another file could take its number", async () => {
    expect(await actor(["closed"], actorOf)).toEqual({ told: false, written: "" });
  });

  test("is passed on to the last byte to a pipe that takes it slowly", async () => {
    const child = start(["much"], {}, ["ignore", "pipe", "inherit", "ipc"]);
    let bytes = 0;
    child.stdout?.on("data", (chunk: Buffer) => (bytes += chunk.length));
    await new Promise((resolve) => child.once("close", resolve));
    expect(bytes).toBe(2_000_000);
  });
});

function start(args: readonly string[], env: NodeJS.ProcessEnv, stdio: StdioOptions): ChildProcess {
  const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url);
  return fork(fileURLToPath(new URL("./device-complaints.fixture.ts", import.meta.url)), args, {
    stdio, env: { ...process.env, ...env }, execArgv: ["--conditions=@shoal/source", "--import", loader.href],
  });
}

/** What the fixture told, and what came out of both its outputs. */
async function actor(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ told: unknown; written: string }> {
  const folder = mkdtempSync(join(tmpdir(), "shoal-test-"));
  try {
    const path = join(folder, "errors");
    const errors = openSync(path, "a");
    const child = start(args, env, ["ignore", errors, errors, "ipc"]);
    closeSync(errors);
    const told = new Promise((resolve) => child.once("message", resolve));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(0);
    return { told: await told, written: readFileSync(path, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
