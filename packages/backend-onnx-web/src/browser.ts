// The door for browsers; others get index.ts.
import type { OnnxRuntime } from "@shoal/core";
import type { WebPlatform } from "./web-platform.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";
import { webRuntime } from "./web-runtime.ts";

const platform: WebPlatform = {
  load: {
    wasm: () => import("onnxruntime-web/wasm"),
    webgpu: () => import("onnxruntime-web/webgpu"),
  },
  start: (create) => create(),
  threads: () => globalThis.crossOriginIsolated,
  // Bundlers look for exactly this form.
  createSessionWorker: () => new Worker(new URL("./session-worker.js", import.meta.url), { type: "module", name: "shoal-onnx" }),
};

/**
 * ONNX models on onnxruntime-web: webgpu in the realm that calls, wasm in a worker of the actor's. An actor should be a worker of its
 * own, since a realm that lost its GPU never gets it back. wasm has threads where the page is cross-origin isolated.
 */
export function onnxWebRuntime(options: OnnxWebOptions = {}): OnnxRuntime {
  return webRuntime(platform, options);
}

export type { OnnxWebOptions, WasmFiles } from "./wasm-files.ts";
