import type { JobDescription, ModelFile } from "../../connection/messages.ts";
import { mostArrived } from "../../connection/schemas/drivers.ts";
import type { GatewayState } from "../gateway-state.ts";

/** A file of a model that a job brought, by the hash of the model. */
export function modelFile({ jobs }: Pick<GatewayState, "jobs">, hash: string, path: string): ModelFile | undefined {
  for (const { description } of jobs.values()) {
    for (const { model } of description.segments) if (model?.hash === hash) return model.files.find((file) => file.path === path);
  }
  return undefined;
}

/** SHA-256 of all files that a job brings, code included. */
export function* filesOf({ segments }: JobDescription): Generator<string, void, undefined> {
  for (const { model, code } of segments) {
    for (const { sha256 } of model?.files ?? []) yield sha256;
    if (code !== undefined) yield code.sha256;
  }
}

/** How large its driver says that a file is. */
export function declaredBytes({ segments }: JobDescription, sha256: string): number {
  const sizes = segments.flatMap(({ model, code }) => [...(model?.files ?? []), ...(code === undefined ? [] : [code])].filter((file) => file.sha256 === sha256).map(({ bytes }) => bytes));
  return Math.max(0, ...sizes);
}

/** How much is there of files that are still to come; those of which nothing is are left out, and more of them than can be said. Undefined where it is not known. */
export async function arrivedOf({ files }: Pick<GatewayState, "files">, missing: readonly string[]): Promise<readonly (readonly [sha256: string, bytes: number])[] | undefined> {
  if (files?.arrived === undefined) return undefined;
  const arrived: (readonly [string, number])[] = [];
  for (const sha256 of missing) {
    const bytes = await files.arrived(sha256);
    if (bytes > 0 && arrived.length < mostArrived) arrived.push([sha256, bytes]);
  }
  return arrived;
}

/** What a worker loads for a job, each model once. */
export function downloadBytes({ segments }: JobDescription): number {
  const models = new Map(segments.flatMap(({ model }) => (model === undefined ? [] : [[model.hash, model.files] as const])));
  return [...models.values()].flat().reduce((sum, { bytes }) => sum + bytes, 0);
}
