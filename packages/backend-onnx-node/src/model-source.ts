import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fetchModel, modelNotFound } from "@shoal/ort-sessions/actor-side";

/** A model as the library takes it (a path, so that it finds external data, or bytes of our own) and as messages call it. */
export interface ModelSource {
  readonly name: string;
  readonly source: string | Uint8Array;
}

/** @throws `model-not-found`, `download-failed` */
export async function modelSource(model: string | URL | Uint8Array, signal: AbortSignal): Promise<ModelSource> {
  // Copied: the caller keeps its bytes, ours move to the thread.
  if (model instanceof Uint8Array) return { name: `the model of ${model.byteLength} bytes`, source: model.slice() };
  const name = String(model);
  if (/^https?:/i.test(name)) return { name, source: await fetchModel(name, signal) };
  const path = /^file:/i.test(name) ? fileURLToPath(name) : name;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return { name: path, source: path };
  throw modelNotFound(path, found === undefined ? "does not exist" : "is not a file");
}
