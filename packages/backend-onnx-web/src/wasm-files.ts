import type { WebDevice } from "./web-platform.ts";

/** The URLs of the two files of a build. A bundler gives them for `import url from "onnxruntime-web/….wasm?url"`. */
export interface WasmFiles {
  readonly mjs?: string | URL;
  readonly wasm?: string | URL;
}

/** How onnxruntime-web is set up. */
export interface OnnxWebOptions {
  /**
   * Where the library's files are served from, when that is not where its bundler or installer put them: the URL of a folder that has
   * them all, or the files of each device (`ort-wasm-simd-threaded.*` for wasm, `ort-wasm-simd-threaded.asyncify.*` for webgpu).
   */
  readonly wasmFiles?: string | URL | Readonly<Partial<Record<WebDevice, WasmFiles>>>;
}

/** The option as the library takes it, for one device; as strings, which can cross to a worker. */
export function wasmPaths(files: OnnxWebOptions["wasmFiles"], device: WebDevice): string | { readonly mjs?: string; readonly wasm?: string } | undefined {
  if (files === undefined) return undefined;
  if (typeof files === "string" || files instanceof URL) return String(files).replace(/\/?$/, "/");
  const own = files[device];
  return own && Object.fromEntries(Object.entries(own).map(([file, url]) => [file, String(url)]));
}
