import type { ShoalError } from "@shoal/core";
import picomatch from "picomatch";
import { blobFile } from "../blob-file.ts";
import { fileError } from "../file-error.ts";
import { hasExtension, type FileStore, type SourceFile } from "../file-store.ts";
import { fileNotFound, noFileMatches, noFilesInDirectory } from "../missing-files.ts";
import { isHidden } from "../output-names.ts";
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
  for (const name of entries) {
    if (isHidden(name) || !hasExtension(name, extensions)) continue;
    const entry = await entryOf(directory, name);
    if (entry?.kind === "file") files.push(await opfsFile(`${folder}/${name}`, entry));
  }
  if (files.length > 0) return files;
  throw noFilesInDirectory(path, extensions, entries);
}

async function filesOfGlob(pattern: string, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const name = pattern.slice(pattern.lastIndexOf("/") + 1);
  const named = name.startsWith("_") || name.startsWith(".");
  // The part without wild cards: only what is below it is looked at.
  const base = picomatch.scan(pattern).base.replace(/\/$/, "");
  const matches = picomatch(pattern, { dot: named, windows: false });
  const files: SourceFile[] = [];
  const walk = async (folder: string, directory: FileSystemDirectoryHandle): Promise<void> => {
    for (const entryName of await namesIn(directory, signal)) {
      const path = `${folder}/${entryName}`;
      const entry = await entryOf(directory, entryName);
      if (entry?.kind === "directory") await walk(path, entry);
      else if (entry !== undefined && (named || !isHidden(entryName)) && matches(path)) files.push(await opfsFile(path, entry));
    }
  };
  const start = await opfsFind(base, signal);
  if (start?.kind === "directory") await walk(base, start);
  if (files.length > 0) return files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  throw noFileMatches(pattern);
}

function notFound(path: string): ShoalError {
  return fileNotFound(path, { hint: "; OPFS belongs to the page's origin alone" });
}
