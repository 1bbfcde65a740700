import type { OnnxRuntimes } from "@shoal/workers";

const native = async () => (await import("@shoal/backend-onnx-node")).onnxNodeRuntime();
const web = async () => (await import("@shoal/backend-onnx-web")).onnxWebRuntime();

/** Node and Bun: WebGPU natively too; wasm where the native library can't load. */
export const onnxRuntimes: OnnxRuntimes = { cuda: native, webgpu: native, cpu: native, wasm: web };
