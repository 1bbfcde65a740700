import type { OnnxRuntimes } from "@shoal/workers";

const native = async () => (await import("@shoal/backend-onnx-node")).onnxNodeRuntime();
const web = async () => (await import("@shoal/backend-onnx-web")).onnxWebRuntime();

/** Deno: WebGPU is its own. */
export const onnxRuntimes: OnnxRuntimes = { cuda: native, webgpu: web, cpu: native, wasm: web };
