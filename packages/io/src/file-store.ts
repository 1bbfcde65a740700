import { platform } from "#platform";

/** One file that can be read, as a {@link FileStore} found it. */
export interface SourceFile {
  /** As it was asked for: relative paths stay relative; a URL for `http(s)`; `-` for standard input. */
  readonly path: string;
  /** Bytes, where known. */
  readonly size: number | undefined;
  /** Changes when the content does: size and time of change, or an ETag. */
  readonly version: string;
  /** The content from its beginning. Returning early closes the file. */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Bytes `start` (inclusive) to `end` (exclusive). */
  bytes(start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** A place that holds files: this machine, the web, or what a page keeps. */
export interface FileStore {
  /**
   * The files that a path names, sorted: a file itself, a directory's files whose name ends in one of `extensions`, or what a glob matches.
   * Hidden files (`.…`, `_…`) and dead letters are passed over unless they are named outright.
   * @throws `file-not-found`, `no-files`, saying what was looked for and where.
   */
  find(path: string, extensions: readonly string[], signal: AbortSignal): Promise<readonly SourceFile[]>;
  /** @throws `file-not-found` */
  open(path: string, signal: AbortSignal): Promise<SourceFile>;
}

/** The store that holds a path: the web for URLs; what else there is depends on the runtime. */
export async function storeOf(path: string): Promise<FileStore> {
  if (/^https?:\/\//i.test(path)) return (await import("./http-files.ts")).httpFiles;
  return platform.storeOf(path);
}

/**
 * The files that paths name, in the order of the paths, and sorted within each; a file named twice is read once.
 * @throws `file-not-found`, `no-files`
 */
export async function findFiles(paths: string | readonly string[], extensions: readonly string[], signal: AbortSignal): Promise<readonly SourceFile[]> {
  const files = new Map<string, SourceFile>();
  for (const path of typeof paths === "string" ? [paths] : paths) {
    for (const file of await (await storeOf(path)).find(path, extensions, signal)) files.set(file.path, file);
  }
  return [...files.values()];
}

/** `.jsonl` and `.jsonl.gz` both count as `.jsonl`. */
export function hasExtension(path: string, extensions: readonly string[]): boolean {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  return extensions.length === 0 || extensions.some((extension) => name.endsWith(extension));
}
