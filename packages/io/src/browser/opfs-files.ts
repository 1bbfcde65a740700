import type { ShoalError } from "@shoal/core";
import picomatch from "picomatch";
import { blobFile } from "../blob-file.ts";
import { fileError } from "../file-error.ts";
import { hasExtension, type FileStore, type SourceFile } from "../file-store.ts";
import { fileNotFound, noFileMatches, noFilesInDirectory } from "../missing-files.ts";
import { hiddenFromGlob, isHidden } from "../output-names.ts";
import { entryOf } from "./opfs-place.ts";
import { namesIn, opfsFind } from "./opfs-unfinished.ts";

/** The files that a page keeps (the origin private file system): `opfs:/folder/*.jsonl`. */
export const opfsFiles: FileStore = {
  async find(path, extensions, signal) {
    try {
      const entry = await opfsFind(path, signal);
      if (entry?.kind === "file") return [await opfsFile(path, entry)];
      if (entry !== undefined) return await filesOfDirectory(path, entry, extensions, signal);
      if (picomatch.scan(path).isGlob) return await filesOfGlob(path, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw fileError(error, `read "${path}"`);
    }
    throw notFound(path);
  },
  async open(path, signal) {
    const entry = await opfsFind(path, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw fileError(error, `read "${path}"`);
    });
    if (entry?.kind !== "file") throw notFound(path);
    return opfsFile(path, entry);
  },
};

async function opfsFile(path: string, handle: FileSystemFileHandle): Promise<SourceFile> {
  return blobFile(path, await handle.getFile());
}

async function filesOfDirectory(path: string, directory: FileSystemDirectoryHandle, extensions: readonly string[], signal: AbortSignal): Promise<readonly SourceFile[]> {
  const folder = path.replace(/\/$/, "");
  const entries = (await namesIn(directory, signal)).toSorted();
  const files: SourceFile[] = [];
  const fitting = entries.filter((name) => hasExtension(name, extensions));
  for (const name of fitting) {
    if (isHidden(name)) continue;
    const entry = await entryOf(directory, name);
    if (entry?.kind === "file") files.push(await opfsFile(`${folder}/${name}`, entry));
  }
  if (files.length > 0) return files;
  throw noFilesInDirectory(path, extensions, entries, { passedOver: fitting.filter(isHidden) });
}

async function filesOfGlob(pattern: string, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const name = pattern.slice(pattern.lastIndexOf("/") + 1);
  const named = name.startsWith("_") || name.startsWith(".");
  // The part without wild cards: only what is below it is looked at.
  const { base: start, glob } = picomatch.scan(pattern);
  const base = start.replace(/\/$/, "");
  const matches = picomatch(pattern, { dot: named, windows: false });
  const isPassedOver = hiddenFromGlob(glob);
  const files: SourceFile[] = [];
  const passedOver: string[] = [];
  const walk = async (folder: string, directory: FileSystemDirectoryHandle): Promise<void> => {
    for (const entryName of await namesIn(directory, signal)) {
      const path = `${folder}/${entryName}`;
      const entry = await entryOf(directory, entryName);
      if (entry?.kind === "directory") await walk(path, entry);
      else if (entry === undefined || !matches(path)) continue;
      else if (isPassedOver(path.slice(base.length + 1))) passedOver.push(path);
      else files.push(await opfsFile(path, entry));
    }
  };
  const top = await opfsFind(base, signal);
  if (top?.kind === "directory") await walk(base, top);
  if (files.length > 0) return files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  throw noFileMatches(pattern, { passedOver: passedOver.toSorted() });
}

function notFound(path: string): ShoalError {
  return fileNotFound(path, { hint: "; OPFS belongs to the page's origin alone" });
}
