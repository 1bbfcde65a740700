import type { Ort } from "@shoal/ort-sessions";

/** The devices of onnxruntime-web. */
export type WebDevice = "webgpu" | "wasm";

/** What a browser and the other runtimes do differently. */
export interface WebPlatform {
  /** Each device has a build of its own: on wasm the one for WebGPU is 1.5 to 4 times slower. */
  readonly load: Readonly<Record<WebDevice, () => Promise<Ort>>>;
  /** Does what makes the library start, and undoes what that does to the realm. */
  readonly start: <T>(create: () => Promise<T>) => Promise<T>;
  /** Whether wasm may have threads here. */
  readonly threads: () => boolean;
  /**
   * Starts a worker (of `session-worker.ts`) for the sessions of one actor on wasm, so that a run does not block the actor's own thread.
   * Absent where sessions live in the actor's.
   */
  readonly createSessionWorker?: () => Worker;
  /** Absent where there are no files. @throws as `node:fs` does */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
}
