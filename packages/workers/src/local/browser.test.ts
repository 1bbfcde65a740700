import { afterEach, expect, test, vi } from "vitest";
import { detectResources, deviceCandidates } from "./browser.ts";

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["a GPU", { vendor: "nvidia", architecture: "ampere" }, 1],
  ["one that says nothing of itself", undefined, 1],
  ["one that the browser calls a fallback", { isFallbackAdapter: true }, 0],
  ["one that the CPU imitates, by its name alone", { vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" }, 0],
])("%s", async (_name, info, gpus) => {
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => ({ info }) } });
  expect(await deviceCandidates()).toEqual(gpus === 1 ? ["webgpu", "wasm"] : ["wasm"]);
  expect(await detectResources()).toMatchObject({ gpus });
});
