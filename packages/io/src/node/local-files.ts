import { close, createReadStream, open, read, stat, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, isAbsolute, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import { hasExtension, type FileStore, type SourceFile } from "../file-store.ts";
import { fileChanged } from "../http-files.ts";
import { fileNotFound, noFileMatches, noFilesInDirectory } from "../missing-files.ts";
import { hiddenFromGlob, isHidden } from "../output-names.ts";

/** Files of this machine, on Node, Bun and Deno alike. */
export const localFiles: FileStore = {
  async find(given, extensions) {
    const path = localPath(given);
    const info = await statOrMissing(path);
    if (info?.isDirectory()) return filesOfDirectory(path, extensions);
    if (info !== undefined) return [await seekableFile(path)];
    return filesOfGlob(path);
  },
  open: (path) => seekableFile(localPath(path)),
};

/** A path as the file system takes it; `file:` URLs become paths. */
export function localPath(path: string): string {
  return path.startsWith("file:") ? fileURLToPath(path) : path;
}

async function localFile(path: string): Promise<SourceFile> {
  const info = await statOrMissing(path);
  if (info === undefined) throw notFound(path);
  const { size } = info;
  const version = versionOf(info);
  return {
    path, version,
    size: info.isFile() ? size : undefined,
    stream: (signal) => streamFile(path, size, version, signal),
    bytes: async (start, end) => {
      const bytes = await readBytes(path, start, end);
      // What is read whole, and at once, is of one version.
      if (info.isFile() && end - start < size) await assertUnchanged(path, version);
      return bytes;
    },
  };
}

function versionOf({ size, mtimeMs }: Pick<Stats, "size" | "mtimeMs">): string {
  return `${size}-${mtimeMs}`;
}

/** @throws `file-changed`, `file-not-found` */
async function assertUnchanged(path: string, version: string): Promise<void> {
  const info = await statOrMissing(path);
  if (info === undefined) throw notFound(path);
  if (versionOf(info) !== version) throw fileChanged(path, version, versionOf(info));
}

/** What is named outright must be a file: opening a pipe waits for its writer, and what is read from it is gone. @throws `not-seekable` */
async function seekableFile(path: string): Promise<SourceFile> {
  const file = await localFile(path);
  if (file.size !== undefined) return file;
  const info = await statFile(path);
  if (info.isDirectory()) return file;
  const what = info.isFIFO() ? "a pipe" : info.isSocket() ? "a socket" : "a device";
  throw new ShoalError("not-seekable", `"${path}" is ${what}, and not a file that can be read more than once.`, { hint: `Read it as standard input ("-", with < ${path}), or write it to a file first.`, failure: "bug", details: { path } });
}

async function* streamFile(path: string, size: number, version: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  // A buffer of this size is allocated for every file: thousands of small ones would keep the garbage collector busy. Those in /proc say 0.
  const highWaterMark = size === 0 ? 1 << 18 : Math.min(size + 1, 1 << 18);
  try {
    let before = 0;
    for await (const bytes of createReadStream(path, { signal, highWaterMark }) as AsyncIterable<Uint8Array>) {
      // Written anew meanwhile, it would be the beginning of one file and the end of another.
      if (before > 0 && size > 0) await assertUnchanged(path, version);
      before += bytes.byteLength;
      yield bytes;
    }
    if (size > 0 && before !== size) await assertUnchanged(path, version);
  } catch (error) {
    signal.throwIfAborted();
    throw fileError(error, `read "${path}"`);
  }
}

// Those of fs/promises take twice the time, which shows where there are thousands of small files.
const statFile = promisify(stat);
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

async function readBytes(path: string, start: number, end: number): Promise<Uint8Array> {
  try {
    const file = await openFile(path, "r");
    try {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await readFile(file, bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new ShoalError("file-truncated", `"${path}" ends at byte ${start + at}, before byte ${end}.`, { hint: "It was cut short while it was read: run it again once the file is at rest.", failure: "bug" });
        at += bytesRead;
      }
      return bytes;
    } finally {
      await closeFile(file);
    }
  } catch (error) {
    throw fileError(error, `read "${path}"`);
  }
}

async function filesOfDirectory(path: string, extensions: readonly string[]): Promise<readonly SourceFile[]> {
  const entries = await readdir(path).catch((error: unknown) => {
    throw fileError(error, `list "${path}"`);
  });
  const fitting = entries.filter((name) => hasExtension(name, extensions)).toSorted();
  const names = fitting.filter((name) => !isHidden(name));
  const files: SourceFile[] = [];
  for (let at = 0; at < names.length; at += 64) {
    const some = await Promise.all(names.slice(at, at + 64).map((name) => localFile(join(path, name))));
    files.push(...some.filter(({ size }) => size !== undefined));
  }
  if (files.length > 0) return files;
  throw noFilesInDirectory(path, extensions, entries, { lookedIn: lookedIn(path), passedOver: fitting.filter(isHidden) });
}

/** Most runs name their files outright, and start sooner without the library. */
async function filesOfGlob(pattern: string): Promise<readonly SourceFile[]> {
  const { glob, isDynamicPattern } = await import("tinyglobby");
  if (!isDynamicPattern(pattern)) throw notFound(pattern);
  const named = basename(pattern).startsWith("_") || basename(pattern).startsWith(".");
  const matches = await glob(pattern, { absolute: isAbsolute(pattern), dot: named, onlyFiles: true, expandDirectories: false });
  const { default: picomatch } = await import("picomatch");
  const { base, glob: wild } = picomatch.scan(pattern);
  const isPassedOver = hiddenFromGlob(wild);
  const plainBase = base.replaceAll(/\\(.)/g, "$1");
  const passedOver = new Set(matches.filter((path) => isPassedOver(relative(plainBase, path))));
  const paths = matches.filter((path) => !passedOver.has(path)).toSorted();
  if (paths.length === 0) throw noFileMatches(pattern, { lookedIn: lookedIn(pattern), passedOver: [...passedOver].toSorted() });
  return Promise.all(paths.map(seekableFile));
}

async function statOrMissing(path: string) {
  try {
    return await statFile(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw fileError(error, `read "${path}"`);
  }
}

function notFound(path: string): ShoalError {
  return fileNotFound(path, { lookedIn: lookedIn(path) });
}

function lookedIn(path: string): string {
  return isAbsolute(path) ? "" : ` (looked in ${process.cwd()})`;
}
