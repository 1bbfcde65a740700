import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import { hasExtension } from "../file-store.ts";
import type { Output, OutputFile, OutputOptions } from "../output.ts";
import { outputDamaged, outputExists, outputUnfinished } from "../output-errors.ts";
import { dataName, deadLettersName, lettersBeside, lettersFate, lettersName, partName, unfinishedName } from "../output-names.ts";
import { refuseStrangers } from "../strangers.ts";
import { entryOf, isNamed, opfsRoot, opfsSteps } from "./opfs-place.ts";
import { beginPublishing, claimOutput, finishPublishing, removeIfThere } from "./opfs-unfinished.ts";

/**
 * Opens a path of a page's own files for writing: one file when it ends in one of the extensions, otherwise a directory of parts. Everything
 * is written into a hidden directory beside it; at the end, once it is noted that the output is whole, its files get their names.
 * @throws `output-exists`, `output-unfinished`, `output-busy`, `unwritable-location`, `not-a-directory`, `no-opfs`
 */
export async function openOpfsOutput(path: string, { extensions, mode = "error" }: OutputOptions): Promise<Output> {
  const steps = opfsSteps(path);
  const name = steps.at(-1);
  if (name === undefined) throw new ShoalError("unwritable-location", `Can't write "${path}": it is all of OPFS.`, { hint: "Name a directory of its own for the output: opfs:/out", failure: "bug" });
  const location = `opfs:/${steps.join("/")}`;
  // Where there is no OPFS, there may be no locks either.
  await opfsRoot();
  const release = await claimOutput(steps);
  if (release === undefined) throw new ShoalError("output-busy", `Another run, here or in another tab, is writing "${location}" now.`, { hint: "Wait for it, or choose another path.", failure: "bug", details: { path: location } });
  try {
    const directory = await makeDirectory(steps.slice(0, -1), location);
    await finishPublishing(directory, name);
    await checkReplaceable(directory, name, location, mode);
    if (mode === "error") await refuseUnfinished(directory, name, location);
    await removeIfThere(directory, unfinishedName(name));
    const unfinished = await directory.getDirectoryHandle(unfinishedName(name), { create: true });
    const data = await unfinished.getDirectoryHandle(dataName, { create: true });
    const single = hasExtension(name, extensions) && !path.endsWith("/");
    return new OpfsOutput({ location, name, directory, unfinished, data, single, mode, extension: extensions[0] ?? "", release });
  } catch (error) {
    release();
    throw fileError(error, `write "${location}"`);
  }
}

/** @throws `not-a-directory` */
async function makeDirectory(steps: readonly string[], location: string): Promise<FileSystemDirectoryHandle> {
  let at = await opfsRoot();
  for (const step of steps) {
    if ((await entryOf(at, step))?.kind === "file") throw new ShoalError("not-a-directory", `Can't write "${location}": "${step}" on the way to it is a file.`, { hint: "Choose another path.", failure: "bug", details: { path: location } });
    at = await at.getDirectoryHandle(step, { create: true });
  }
  return at;
}

/** An empty directory is no output. @throws `output-exists`, `output-not-ours` */
async function checkReplaceable(directory: FileSystemDirectoryHandle, name: string, location: string, mode: "error" | "overwrite"): Promise<void> {
  const entry = await entryOf(directory, name);
  const names: string[] = [];
  if (entry?.kind === "directory") for await (const each of (entry as FileSystemDirectoryHandle).keys()) names.push(each);
  if (mode === "overwrite") return refuseStrangers(names, location);
  if (entry === undefined || (entry.kind === "directory" && names.length === 0)) return;
  throw outputExists(location);
}

/** @throws `output-unfinished` */
async function refuseUnfinished(directory: FileSystemDirectoryHandle, name: string, location: string): Promise<void> {
  if ((await entryOf(directory, unfinishedName(name))) !== undefined) throw outputUnfinished(location, unfinishedName(name));
}

interface OpfsOutputParts {
  readonly location: string;
  readonly name: string;
  readonly directory: FileSystemDirectoryHandle;
  readonly unfinished: FileSystemDirectoryHandle;
  readonly data: FileSystemDirectoryHandle;
  readonly single: boolean;
  readonly mode: "error" | "overwrite";
  readonly extension: string;
  readonly release: () => void;
}

class OpfsOutput implements Output {
  readonly #at: OpfsOutputParts;
  readonly #files: OpfsFile[] = [];
  readonly #open = new Set<OpfsFile>();
  #letters: OpfsFile | undefined;
  #published = false;

  constructor(at: OpfsOutputParts) {
    this.#at = at;
  }

  get location(): string {
    return this.#at.location;
  }

  get single(): boolean {
    return this.#at.single;
  }

  async nextFile(): Promise<OutputFile> {
    const { single, name, data, extension } = this.#at;
    const part = single ? name : partName(this.#files.length, extension);
    const file = await this.#create(data, part, single ? this.location : `${this.location}/${part}`);
    this.#files.push(file);
    return file;
  }

  async deadLetters(): Promise<OutputFile> {
    const { single, name, data, unfinished } = this.#at;
    const beside = this.location.slice(0, -name.length) + lettersBeside(name);
    return (this.#letters ??= await (single ? this.#create(unfinished, lettersName, beside) : this.#create(data, deadLettersName, `${this.location}/${deadLettersName}`)));
  }

  async publish(): Promise<{ files: readonly string[]; deadLetters?: string }> {
    const { single, name, directory, unfinished, mode } = this.#at;
    try {
      await checkReplaceable(directory, name, this.location, mode);
      await this.#checkWritten();
      const letters = lettersFate(this.#letters !== undefined, mode);
      await beginPublishing(unfinished, single ? { letters } : { letters: "leave", files: this.#written.map((file) => file.name) });
      this.#published = true;
      await finishPublishing(directory, name);
    } catch (error) {
      throw fileError(error, `publish "${this.location}"`);
    }
    this.#at.release();
    return {
      files: this.#files.map(({ path }) => path),
      ...(this.#letters === undefined ? {} : { deadLetters: this.#letters.path }),
    };
  }

  async discard(): Promise<void> {
    try {
      for (const file of this.#open) await file.abandon();
      // What is whole stays: the next to come by gives it its name.
      if (!this.#published) await removeIfThere(this.#at.directory, unfinishedName(this.#at.name));
    } finally {
      // Else the place would be busy until the tab closes.
      this.#at.release();
    }
  }

  get #written(): readonly OpfsFile[] {
    return this.#letters === undefined ? this.#files : [...this.#files, this.#letters];
  }

  /** All of the page's origin reach what lies in the unfinished directory: what gets a name must be what was written. @throws `output-damaged` */
  async #checkWritten(): Promise<void> {
    for (const file of this.#written) {
      const found = await file.storedSize();
      if (found === undefined) throw this.#damaged(`"${file.path}" was written, and is gone from "${this.#unfinishedPath}"`);
      if (found !== file.size) throw this.#damaged(`"${file.path}" has ${found} bytes in "${this.#unfinishedPath}", where ${file.size} were written`);
    }
  }

  get #unfinishedPath(): string {
    const { name } = this.#at;
    return this.location.slice(0, -name.length) + unfinishedName(name);
  }

  #damaged(what: string, cause?: unknown): ShoalError {
    return outputDamaged(this.location, what, { cause, isKept: false });
  }

  async #create(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<OpfsFile> {
    try {
      const handle = await directory.getFileHandle(name, { create: true });
      const file = new OpfsFile(handle, await handle.createWritable(), path, () => this.#open.delete(file));
      this.#open.add(file);
      return file;
    } catch (error) {
      if (isNamed(error, "NotFoundError")) throw this.#damaged(`"${this.#unfinishedPath}", where it lies until it is whole, was removed`, error);
      throw fileError(error, `write "${path}"`);
    }
  }
}

class OpfsFile implements OutputFile {
  readonly path: string;
  readonly #handle: FileSystemFileHandle;
  readonly #writable: FileSystemWritableFileStream;
  readonly #closed: () => void;
  #size = 0;

  constructor(handle: FileSystemFileHandle, writable: FileSystemWritableFileStream, path: string, closed: () => void) {
    this.#handle = handle;
    this.#writable = writable;
    this.path = path;
    this.#closed = closed;
  }

  get name(): string {
    return this.#handle.name;
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#size;
  }

  /** Of what lies there now; undefined where nothing does. */
  async storedSize(): Promise<number | undefined> {
    try {
      return (await this.#handle.getFile()).size;
    } catch (error) {
      if (isNamed(error, "NotFoundError")) return undefined;
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writable.write(bytes as Uint8Array<ArrayBuffer>);
      this.#size += bytes.byteLength;
    } catch (error) {
      throw fileError(error, `write "${this.path}"`);
    }
  }

  async close(): Promise<number> {
    try {
      await this.#writable.close();
    } catch (error) {
      throw fileError(error, `write "${this.path}"`);
    }
    this.#closed();
    return this.#size;
  }

  async abandon(): Promise<void> {
    await this.#writable.abort().catch(() => {});
  }
}
