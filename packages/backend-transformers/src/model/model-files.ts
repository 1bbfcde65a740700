import { ShoalError, type JsonObject } from "@shoal/core";

/** The files of one model, wherever they lie. */
export interface ModelFiles {
  /** How messages name the model. */
  readonly model: string;
  /** They are copies of files elsewhere, fetched one by one. */
  readonly fetched: boolean;
  /** What they are located at lies as they lie in the model: one finds another by its name. */
  readonly beside: boolean;
  /** Where `actor.onnx` can load the file from, or undefined where the model has no such file. */
  locate(path: string): Promise<string | undefined>;
  /** The file's bytes, or undefined where the model has no such file or it has more than `mostBytes`. */
  read(path: string, mostBytes?: number): Promise<Uint8Array | undefined>;
  /** Where a file was looked for: for the message that says it is missing. */
  lookedAt(path: string): string;
}

/** @throws `bad-model-file` when it is no JSON object. */
export async function optionalJson(files: ModelFiles, path: string): Promise<JsonObject | undefined> {
  const bytes = await files.read(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
  } catch (cause) {
    throw new ShoalError("bad-model-file", `${files.lookedAt(path)} of model "${files.model}" is not JSON.`, {
      cause, failure: "bug", hint: "Delete the file and let it be downloaded again.",
    });
  }
}

/** @throws `model-not-found` */
export async function requiredJson(files: ModelFiles, path: string): Promise<JsonObject> {
  const json = await optionalJson(files, path);
  if (json === undefined) throw fileNotFound(files, [path]);
  return json;
}

export function fileNotFound(files: ModelFiles, paths: readonly string[], hint = "Check the model's name, revision and dtype."): ShoalError {
  const places = paths.map((path) => files.lookedAt(path));
  return new ShoalError("model-not-found", `Model "${files.model}" has no ${paths.join(" and no ")}; looked at ${places.join(", ")}.`, {
    hint, failure: "bug", details: { model: files.model, paths, places },
  });
}
