// The door for Deno, Bun and Node; browsers get browser.ts, by the condition of that name in package.json.
import type { OnnxRuntime } from "@shoal/core";
import type { WebPlatform } from "./web-platform.ts";
import { keepingWorker, withoutOpaqueLocation } from "./realm-globals.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";
import { webRuntime } from "./web-runtime.ts";

const platform: WebPlatform = {
  load: {
    // Outside browsers the main entry is the plain wasm build, which finds its files beside itself.
    wasm: () => import("onnxruntime-web"),
    webgpu: () => withoutOpaqueLocation(() => import("onnxruntime-web/webgpu")),
  },
  start: keepingWorker,
  threads: () => true,
  readFile: async (path) => (await import("node:fs/promises")).readFile(path),
};

/**
 * ONNX models on onnxruntime-web, in the realm that calls: webgpu in Deno, wasm in Deno, Bun and Node. An actor should be a worker of
 * its own, since wasm blocks its thread, and a realm that lost its GPU never gets it back.
 */
export function onnxWebRuntime(options: OnnxWebOptions = {}): OnnxRuntime {
  return webRuntime(platform, options);
}

export type { OnnxWebOptions, WasmFiles } from "./wasm-files.ts";
