import { ShoalError } from "@shoal/core";
import type { ModelContent } from "@shoal/ort-sessions";
import { fetchModel, modelNotFound } from "@shoal/ort-sessions/actor-side";
import { externalDataPaths } from "./external-data.ts";
import type { WebPlatform } from "./web-platform.ts";

/** What messages call a model. */
export function modelName(model: string | URL | Uint8Array): string {
  return model instanceof Uint8Array ? `the model of ${model.byteLength} bytes` : String(model);
}

/**
 * A model and the files its tensors are in, unless they were given.
 * @throws `model-not-found`, `download-failed`
 */
export async function readModel(
  model: string | URL | Uint8Array,
  given: ModelContent["externalData"] | undefined,
  readFile: WebPlatform["readFile"],
  signal: AbortSignal,
): Promise<ModelContent> {
  if (model instanceof Uint8Array) return { bytes: model, externalData: given ?? {} };
  const name = String(model);
  const read = reader(name, readFile, signal);
  const bytes = await read(name);
  if (given !== undefined) return { bytes, externalData: given };
  const files = await Promise.all(externalDataPaths(bytes).map(async (path) => [path, await read(beside(name, path))] as const));
  return { bytes, externalData: Object.fromEntries(files) };
}

/** URLs are fetched everywhere, paths where there are files. In a browser everything is a URL, relative ones starting at the worker. */
function reader(name: string, readFile: WebPlatform["readFile"], signal: AbortSignal): (name: string) => Promise<Uint8Array> {
  if (readFile === undefined || /^(https?|blob|data):/i.test(name)) return (url) => fetchModel(url, signal);
  return async (path) => {
    try {
      return await readFile(/^file:/i.test(path) ? pathOf(path) : path);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "ENOENT") throw modelNotFound(path, "does not exist");
      if (code === "EISDIR") throw modelNotFound(path, "is not a file");
      throw ShoalError.from(error);
    }
  };
}

function pathOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname);
  return /^\/[a-z]:/i.test(path) ? path.slice(1) : path;
}

function beside(name: string, path: string): string {
  return name.replace(/[^/\\]*$/, "") + path;
}
