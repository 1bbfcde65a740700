import type { Ort, OrtFeatures } from "@shoal/ort-sessions";

export const ortFeatures: OrtFeatures = { downloads: false, forgetsFailedRuns: false };

/** The library, loaded when first needed. It is CommonJS: not every runtime finds its names without `default`. */
export async function loadOrt(): Promise<Ort> {
  const module = (await import("onnxruntime-node")) as Ort & { readonly default?: Ort };
  return module.default ?? module;
}
