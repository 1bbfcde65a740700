// Runs in Bun and in Deno, by vitest.config.mjs of this folder.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";
import { hasWebGpu } from "./has-web-gpu.ts";
import { testWebGpu } from "./test-web-gpu.ts";

// An operation of onnxruntime-web blocks its thread; Deno's WebGPU waits in it too.
testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "wasm", freeThread: false });
if (await hasWebGpu()) {
  testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "webgpu", freeThread: false });
  testWebGpu();
}
