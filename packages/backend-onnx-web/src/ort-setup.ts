import type { Ort, OrtFeatures, SessionSettings } from "@shoal/ort-sessions";
import type { WebDevice } from "./web-platform.ts";
import { wasmPaths, type OnnxWebOptions } from "./wasm-files.ts";

/** How the library is set up before its first session, which fixes it. Plain data: it may cross to a worker. */
export interface OrtSetup {
  readonly threads: number;
  readonly wasmPaths?: string | { readonly mjs?: string; readonly wasm?: string };
}

export function ortSetup(device: WebDevice, threads: number, options: OnnxWebOptions): OrtSetup {
  const paths = wasmPaths(options.wasmFiles, device);
  // Threads are of use to wasm alone; where WebGPU lacks an operation, the CPU's part of it is small.
  return { threads: device === "wasm" ? threads : 1, ...(paths === undefined ? {} : { wasmPaths: paths }) };
}

export function setUp(ort: Ort, setup: OrtSetup): void {
  // Everything it would print is in the errors it throws.
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = setup.threads;
  if (setup.wasmPaths !== undefined) ort.env.wasm.wasmPaths = setup.wasmPaths;
}

export const ortFeatures: OrtFeatures = { downloads: true, forgetsFailedRuns: false };

/** How sessions on a device are made. */
export function sessionSettings(device: WebDevice): SessionSettings {
  return { executionProviders: [device], intraOpThreads: 1 };
}
