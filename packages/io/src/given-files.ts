import { preview, ShoalError } from "@shoal/core";
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

  /** @throws `bad-option` where it is none of what {@link Paths} may be */
  constructor(given: Paths) {
    const list = Array.isArray(given) ? (given as readonly (string | Blob)[]) : [given as string | Blob];
    // Types don't hold where a name comes from outside, as an environment variable that is not set.
    const wrong = list.findIndex((each) => (typeof each === "string" ? each === "" : !isBlob(each)));
    if (wrong >= 0) throw noPath(list[wrong], Array.isArray(given) ? ` (entry ${wrong} of the list)` : "");
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

  /** Whether it is the name of a Blob, which says nothing of where that came from. */
  isBlob(name: string): boolean {
    return this.#blobs.has(name);
  }

  /** @throws `file-not-found` */
  async open(path: string, signal: AbortSignal): Promise<SourceFile> {
    return this.#blobs.get(path) ?? (await storeOf(path)).open(path, signal);
  }
}

/** Those of other frames, too. */
function isBlob(value: unknown): boolean {
  return typeof value === "object" && value !== null && "arrayBuffer" in value;
}

function noPath(given: unknown, where: string): ShoalError {
  return new ShoalError("bad-option", `${given === "" ? "An empty path" : preview(given)} was given as what to read${where}.`, { hint: "Give a path, a URL, a Blob, or a list of these. Where it comes from a variable, see that the variable is set.", failure: "bug" });
}

function nameOf(blob: Blob): string {
  const { name, webkitRelativePath } = blob as { readonly name?: string; readonly webkitRelativePath?: string };
  // A File of a folder that was picked whole.
  return webkitRelativePath || name || "blob";
}
