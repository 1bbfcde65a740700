import { fork } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
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

test.skipIf(process.platform === "win32")("an actor's standard error is read, and passed on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-test-"));
  try {
    const path = join(folder, "errors");
    const errors = openSync(path, "a");
    const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url);
    const child = fork(fileURLToPath(new URL("./device-complaints.fixture.ts", import.meta.url)), [], {
      stdio: ["ignore", errors, errors, "ipc"], execArgv: ["--conditions=@shoal/source", "--import", loader.href],
    });
    const said = new Promise((resolve) => child.once("message", resolve));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    expect(await said).toEqual(["The GPU is out of memory: no more", null]);
    expect(await ended).toBe(0);
    expect(readFileSync(path, "utf8")).toBe("before\nWebGPU device error(3): no more\nat the end\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
