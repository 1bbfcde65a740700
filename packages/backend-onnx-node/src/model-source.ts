import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ShoalError } from "@shoal/core";

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
  const what = found === undefined ? "does not exist" : "is not a file";
  throw new ShoalError("model-not-found", `The model ${path} ${what}.`, {
    hint: "Give the path of an .onnx file; relative paths start at the working directory.", failure: "bug", details: { path },
  });
}

async function fetchModel(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const failed = (why: string, cause?: unknown): ShoalError =>
    new ShoalError("download-failed", `The model ${url} could not be fetched: ${why}.`, { hint: "Check the address, or download the model and give its path.", failure: "bug", cause, details: { url } });
  let response: Response;
  try {
    response = await fetch(url, { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw error;
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
  throw failed(`${response.status} ${response.statusText}`.trim());
}
