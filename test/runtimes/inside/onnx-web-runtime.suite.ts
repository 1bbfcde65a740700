// Runs in Bun and in Deno, by vitest.config.mjs of this folder. Of the two Deno has WebGPU.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";
import { testWebGpu } from "./test-web-gpu.ts";
import { testWebRealms } from "./test-web-realms.ts";

const hasGpu = process.env["SHOAL_RUNTIME"] === "deno" && (await hasAdapter());
const createWorker = (): Worker => new Worker(new URL("onnx-web-worker.ts", import.meta.url), { type: "module" });

// An operation of onnxruntime-web blocks its thread; Deno's WebGPU waits in it too.
testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "wasm", freeThread: false });
if (hasGpu) {
  testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "webgpu", freeThread: false });
  testWebGpu();
}

testWebRealms(createWorker, hasGpu ? ["wasm", "webgpu"] : ["wasm"], hasGpu ? "before" : undefined);

/** Without a Vulkan driver the suite of webgpu is left out; in CI that is a failure. */
async function hasAdapter(): Promise<boolean> {
  const { gpu } = navigator as unknown as { readonly gpu: { requestAdapter(): Promise<object | null> } };
  if (process.env["CI"] === "true" || (await gpu.requestAdapter()) !== null) return true;
  console.warn("No Vulkan driver was found: webgpu is not tried in Deno. To get one: apt-get install libvulkan1 mesa-vulkan-drivers.");
  return false;
}
