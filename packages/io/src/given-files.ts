import { blobFile } from "./blob-file.ts";
import { findFiles, storeOf, type SourceFile } from "./file-store.ts";

/** What a datasource reads: paths (files, directories, globs, URLs), Blobs and Files, or a list of these. */
export type Paths = string | Blob | readonly (string | Blob)[];

let blobsGiven = 0;

/** The files that a datasource was given. A Blob has the name of its file, or `blob`; several of one name are numbered. */
export class GivenFiles {
  /** As they were given, Blobs by their names. */
  readonly names: readonly string[];
  /** Undefined where there are Blobs, which are no data that could be written down. */
  readonly paths: readonly string[] | undefined;
  readonly #blobs = new Map<string, SourceFile>();

  constructor(given: Paths) {
    const list = typeof given === "string" || given instanceof Blob ? [given] : given;
    const paths = list.filter((each) => typeof each === "string");
    this.paths = paths.length === list.length ? paths : undefined;
    // A Blob must not be taken for a file that a path leads to.
    const prefix = paths.length === 0 ? "" : "blob:";
    this.names = list.map((each) => (typeof each === "string" ? each : this.#add(each, prefix)));
  }

  #add(blob: Blob, prefix: string): string {
    const own = prefix + nameOf(blob);
    let name = own;
    for (let time = 2; this.#blobs.has(name); time++) name = `${own} (${time})`;
    this.#blobs.set(name, blobFile(name, blob, `given ${++blobsGiven}`));
    return name;
  }

  /** In the order in which they were given, each once. @throws `file-not-found`, `no-files` */
  async find(extensions: readonly string[], signal: AbortSignal): Promise<readonly SourceFile[]> {
    if (this.#blobs.size === 0) return findFiles(this.names, extensions, signal);
    const files = new Map<string, SourceFile>();
    for (const name of this.names) {
      const blob = this.#blobs.get(name);
      for (const file of blob === undefined ? await findFiles(name, extensions, signal) : [blob]) files.set(file.path, file);
    }
    return [...files.values()];
  }

  /** @throws `file-not-found` */
  async open(path: string, signal: AbortSignal): Promise<SourceFile> {
    return this.#blobs.get(path) ?? (await storeOf(path)).open(path, signal);
  }
}

function nameOf(blob: Blob): string {
  const { name, webkitRelativePath } = blob as { readonly name?: string; readonly webkitRelativePath?: string };
  // A File of a folder that was picked whole.
  return webkitRelativePath || name || "blob";
}
