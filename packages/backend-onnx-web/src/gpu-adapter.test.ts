import { afterEach, expect, test, vi } from "vitest";
import { requireAdapter } from "./gpu-adapter.ts";

afterEach(() => vi.unstubAllGlobals());

function offer(adapter: object | null): void {
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter } });
}

test("a GPU is called by its name, a software driver what it is", async () => {
  offer({ info: { vendor: "nvidia", architecture: "ampere", description: "" } });
  expect(await requireAdapter()).toBe("nvidia ampere");
  offer({ info: { vendor: "google", architecture: "swiftshader", description: "", isFallbackAdapter: true } });
  expect(await requireAdapter()).toBe("google swiftshader, a software driver");
  offer({ info: { vendor: "65541", architecture: "", description: "llvmpipe (LLVM 15.0.6, 256 bits)" } });
  expect(await requireAdapter()).toBe("llvmpipe (LLVM 15.0.6, 256 bits), a software driver");
});

test("without one it says what to do", async () => {
  offer(null);
  await expect(requireAdapter()).rejects.toMatchObject({ code: "device-unavailable", message: expect.stringMatching(/Vulkan.*--enable-unsafe-webgpu.*\{ device: "wasm" \}/) as string });
  vi.stubGlobal("navigator", {});
  await expect(requireAdapter()).rejects.toThrow(/onnxruntime-node/);
  vi.stubGlobal("isSecureContext", false);
  await expect(requireAdapter()).rejects.toThrow(/https/);
});
