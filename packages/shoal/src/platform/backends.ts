import { onnxBackend } from "@shoal/backend-onnx";
import { transformersBackend, type HubOptions } from "@shoal/backend-transformers";
import type { Backend } from "@shoal/core";
import { decodeImage } from "@shoal/io";

/** The backends of an actor here. They load their libraries when a predictor needs them. */
export function backends(hub?: HubOptions): readonly Backend[] {
  return [transformersBackend({ decodeImage, ...(hub !== undefined && { hub }) }), onnxBackend()];
}
