import type { OnnxRuntimes } from "@shoal/workers";

const web = async () => (await import("@shoal/backend-onnx-web")).onnxWebRuntime();

/** A browser: nothing is native. */
export const onnxRuntimes: OnnxRuntimes = { webgpu: web, wasm: web };
