// Runs in Chromium, by chromium.vitest.config.mjs of this folder. Its GPU is SwiftShader.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";
import { expect, test } from "vitest";
import { testWebGpu } from "./test-web-gpu.ts";
import { testWebRealms } from "./test-web-realms.ts";

test("the page is isolated, so that wasm has threads", () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
});

testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "wasm" });
// SwiftShader lacks shader-f16, and takes seconds for what takes a CPU none.
testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "webgpu", float16: false, longRun: 100 });
testWebGpu();

testWebRealms(() => new Worker(new URL("onnx-web-worker.ts", import.meta.url), { type: "module" }), ["wasm", "webgpu"], "during");
