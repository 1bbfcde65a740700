import type { TravellingFile } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const readBytes = 4 * 2 ** 20;

/** Hashes of files as they were: gigabytes are not read again for each job. By path, size and time of change. */
const known = new Map<string, Promise<string>>();

/** A file of this machine, by its path. @throws `model-not-found` */
export async function openTravellingFile(path: string, localPath: string, signal: AbortSignal): Promise<TravellingFile> {
  const status = await stat(localPath).catch(() => undefined);
  if (status?.isFile() !== true) {
    throw new ShoalError("model-not-found", `There is no file ${localPath}.`, { failure: "bug", hint: "Give the path of the model's file; relative paths start at the working directory.", details: { path: localPath } });
  }
  const key = `${resolve(localPath)} ${status.size} ${status.mtimeMs}`;
  let hash = known.get(key);
  if (hash === undefined) {
    hash = hashOf(localPath, signal);
    known.set(key, hash);
    hash.catch(() => known.delete(key));
  }
  return { path, localPath: resolve(localPath), bytes: status.size, sha256: await hash, read: (reading) => pieces(localPath, reading) };
}

/**
 * The file of an ONNX model, by path or `file:` URL.
 * @throws `model-not-found`; `unsupported-model` where its weights lie in files of their own
 */
export async function openTravellingOnnx(path: string, place: string, signal: AbortSignal): Promise<TravellingFile> {
  const localPath = /^file:/i.test(place) ? fileURLToPath(place) : place;
  const file = await openTravellingFile(path, localPath, signal);
  await assertWhole(localPath, file.bytes);
  return file;
}

/** A graph with its weights beside it is small, and names them. */
async function assertWhole(localPath: string, bytes: number): Promise<void> {
  if (bytes > 64 * 2 ** 20) return;
  const names = new Set((await readFile(localPath, "latin1")).match(/[\w-][\w.-]*\.onnx(?:_data|\.data)(?:_\d+)?/g));
  for (const name of names) {
    const beside = join(dirname(localPath), name);
    if ((await stat(beside).catch(() => undefined)) === undefined) continue;
    throw new ShoalError("unsupported-model", `${localPath} keeps its weights in ${name}; only a model of one file goes to other machines.`, {
      failure: "bug", hint: "Save it with its weights inside (onnx.save(model, path) in Python), or run it on this machine.", details: { path: localPath, weights: beside },
    });
  }
}

async function hashOf(localPath: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of pieces(localPath, signal)) hash.update(piece);
  return hash.digest("hex");
}

async function* pieces(localPath: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of createReadStream(localPath, { highWaterMark: readBytes, signal })) yield piece as Uint8Array;
}
