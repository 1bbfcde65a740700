import type { DeclarativePredictorSpec, ModulePredictorSpec } from "@shoal/core";
import type { CodeBundle, ModelManifest } from "../connection/messages.ts";
import { sha256Of } from "../engine/index.ts";

/** A file that a driver has and workers need. */
export interface TravellingFile {
  /** Within the model, with `/` between folders. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Where it lies on this machine, if it does: a coordinator of this process needs no copy. */
  readonly localPath?: string;
  /** Its bytes from the start, in pieces of any size. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A model as its driver hands it out. */
export interface TravellingModel {
  readonly files: readonly TravellingFile[];
  /** The file to load, where the model is one file and not a folder. */
  readonly entry?: string;
}

/**
 * The files that loading a model needs. Undefined: workers get it where the driver would, from the web.
 * @throws what finding or reading them throws: `model-not-found`, `download-failed` …
 */
export type FindModel = (spec: DeclarativePredictorSpec, signal: AbortSignal) => Promise<TravellingModel | undefined>;

/** A predictor of one's own with all that it imports, as one ES module. */
export type BundlePredictor = (spec: ModulePredictorSpec, signal: AbortSignal) => Promise<TravellingFile>;

/** SHA-256 over paths and hashes: models with the same files are one, whatever they are called. */
export async function manifestOf({ files, entry }: TravellingModel): Promise<ModelManifest> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, sha256, bytes }) => ({ path, sha256, bytes }));
  const hash = await sha256Of(new TextEncoder().encode(sorted.map(({ path, sha256 }) => `${sha256} ${path}\n`).join("")));
  return { hash, files: sorted, ...(entry !== undefined && { entry }) };
}

export function codeBundleOf({ sha256, bytes }: TravellingFile): CodeBundle {
  return { sha256, bytes };
}
