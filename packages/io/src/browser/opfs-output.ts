import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import { hasExtension } from "../file-store.ts";
import type { Output, OutputFile, OutputOptions } from "../output.ts";
import { outputExists, outputUnfinished } from "../output-errors.ts";
import { dataName, deadLettersName, lettersBeside, lettersFate, lettersName, partName, unfinishedName } from "../output-names.ts";
import { refuseStrangers } from "../strangers.ts";
import { entryOf, opfsRoot, opfsSteps } from "./opfs-place.ts";
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
  readonly #names: string[] = [];
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
    const file = single ? name : partName(this.#names.length, extension);
    this.#names.push(file);
    return this.#create(data, file, single ? this.location : `${this.location}/${file}`);
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
      const letters = lettersFate(this.#letters !== undefined, mode);
      await beginPublishing(unfinished, single ? { letters } : { letters: "leave", files: [...this.#names, ...(this.#letters === undefined ? [] : [deadLettersName])] });
      this.#published = true;
      await finishPublishing(directory, name);
    } catch (error) {
      throw fileError(error, `publish "${this.location}"`);
    }
    this.#at.release();
    return {
      files: this.#names.map((file) => (single ? this.location : `${this.location}/${file}`)),
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

  async #create(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<OpfsFile> {
    try {
      const handle = await directory.getFileHandle(name, { create: true });
      const file = new OpfsFile(await handle.createWritable(), path, () => this.#open.delete(file));
      this.#open.add(file);
      return file;
    } catch (error) {
      throw fileError(error, `write "${path}"`);
    }
  }
}

class OpfsFile implements OutputFile {
  readonly path: string;
  readonly #writable: FileSystemWritableFileStream;
  readonly #closed: () => void;
  #size = 0;

  constructor(writable: FileSystemWritableFileStream, path: string, closed: () => void) {
    this.#writable = writable;
    this.path = path;
    this.#closed = closed;
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
