import type { Ort } from "@shoal/ort-sessions";

/** The devices of onnxruntime-web. */
export type WebDevice = "webgpu" | "wasm";

/** What a browser and the other runtimes do differently. */
export interface Platform {
  /** Each device has a build of its own: on wasm the one for WebGPU is 1.5 to 4 times slower. */
  readonly load: Readonly<Record<WebDevice, () => Promise<Ort>>>;
  /** Whether wasm may have threads here. */
  readonly threads: () => boolean;
  /** Absent where there are no files. @throws as `node:fs` does */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
}
