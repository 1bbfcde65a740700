import { onnxBackend } from "@shoal/backend-onnx";
import { transformersBackend, type HubOptions } from "@shoal/backend-transformers";
import type { Backend } from "@shoal/core";
import type { decodeImage as decode } from "@shoal/io";

let io: Promise<{ readonly decodeImage: typeof decode }> | undefined;
/** Readers and writers of files are many, and most actors never see an encoded image. */
const decodeImage: typeof decode = async (...image) => (await (io ??= import("@shoal/io"))).decodeImage(...image);

/** The backends of an actor here. They load their libraries when a predictor needs them. */
export function backends(hub?: HubOptions): readonly Backend[] {
  return [transformersBackend({ decodeImage, ...(hub !== undefined && { hub }) }), onnxBackend()];
}
