import { mkdir, open, readdir, rename, rmdir, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { fileError } from "./file-error.ts";
import { hasExtension } from "./file-store.ts";
import { localPath } from "./local-files.ts";
import { claimUnfinished, removeUnfinished } from "./unfinished-output.ts";

/** How an output is called, and what becomes of an older one. */
export interface OutputOptions {
  /** Of the format, lower case, with the dot: a path that ends so is one file. The first one names part files. */
  readonly extensions: readonly string[];
  /** What to do with an output that is already there. Default `error`. */
  readonly mode?: "error" | "overwrite";
}

/** Bytes on their way to one file. They can be relied on only after `close`. */
export interface OutputFile {
  /** Where it will be once published. */
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Everything is on the disk when this resolves. Gives the file's size. */
  close(): Promise<number>;
}

/** An output that nobody sees under its name before `publish`, and of which nothing is left after `discard`. */
export interface Output {
  readonly location: string;
  /** One file, rather than a directory of parts. */
  readonly single: boolean;
  /** The next part, or the one file. Close it before `publish`. */
  nextFile(): Promise<OutputFile>;
  /** The file for dead letters, made on first use. */
  deadLetters(): Promise<OutputFile>;
  /** The paths of the published files and of the dead letters. */
  publish(): Promise<{ readonly files: readonly string[]; readonly deadLetters?: string }>;
  discard(): Promise<void>;
}

/**
 * Opens a path for writing: one file when it ends in one of the extensions (`out.jsonl`), standard output for `-`, otherwise a
 * directory of parts (`out/part-00000.jsonl`). Everything is written into a hidden directory beside it and renamed at the end.
 * @throws `output-exists`, `output-unfinished`, `output-busy`, with the choices there are.
 */
export async function openOutput(given: string, options: OutputOptions): Promise<Output> {
  if (given === "-") return (await import("./standard-output.ts")).openStandardOutput();
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given) && !given.startsWith("file:")) {
    throw new ShoalError("unwritable-location", `Can't write to "${given}": output goes to local paths.`, { hint: "Name a local path and copy the output from there.", failure: "bug" });
  }
  const path = localPath(given);
  const single = hasExtension(path, options.extensions) && !/[/\\]$/.test(path);
  const { mode = "error" } = options;
  const target = resolve(path);
  const location = path.replace(/(?<=.)[/\\]+$/, "");
  try {
    if (mode === "error") await refuseExisting(target, location);
    if (!relative(target, process.cwd()).startsWith("..")) {
      throw new ShoalError("unwritable-location", `Can't write "${location}": the working directory is in it.`, { hint: "Name a directory of its own for the output.", failure: "bug" });
    }
    await mkdir(dirname(target), { recursive: true });
    const unfinished = await claimUnfinished(target, location, mode);
    return new LocalOutput(location, target, unfinished, single, options);
  } catch (error) {
    throw fileError(error, `write "${location}"`);
  }
}

async function refuseExisting(target: string, location: string): Promise<void> {
  const info = await stat(target).catch(() => undefined);
  if (info === undefined || (info.isDirectory() && (await readdir(target)).length === 0)) return;
  throw new ShoalError("output-exists", `There is already an output at "${location}" (changed ${info.mtime.toISOString()}).`, {
    hint: `Choose another path, remove it, or replace it with { mode: "overwrite" }.`,
    failure: "bug",
    details: { path: location },
  });
}

class LocalOutput implements Output {
  readonly location: string;
  readonly single: boolean;
  readonly #target: string;
  readonly #unfinished: string;
  readonly #mode: "error" | "overwrite";
  readonly #extension: string;
  readonly #names: string[] = [];
  #letters: DiskFile | undefined;
  readonly #open = new Set<DiskFile>();

  constructor(location: string, target: string, unfinished: string, single: boolean, options: OutputOptions) {
    this.location = location;
    this.single = single;
    this.#target = target;
    this.#unfinished = unfinished;
    this.#mode = options.mode ?? "error";
    this.#extension = options.extensions[0] ?? "";
  }

  async nextFile(): Promise<OutputFile> {
    const name = this.single ? basename(this.#target) : `part-${String(this.#names.length).padStart(5, "0")}${this.#extension}`;
    this.#names.push(name);
    return this.#create(this.#data(name), this.single ? this.location : join(this.location, name));
  }

  async deadLetters(): Promise<OutputFile> {
    this.#letters ??= await this.#create(this.single ? join(this.#unfinished, "letters") : this.#data("_dead-letters.jsonl"), this.#lettersPath(this.location));
    return this.#letters;
  }

  async publish(): Promise<{ files: readonly string[]; deadLetters?: string }> {
    try {
      if (this.#mode === "error") await refuseExisting(this.#target, this.location);
      await this.#moveOldAside();
      if (this.single) {
        if (this.#letters !== undefined) await rename(join(this.#unfinished, "letters"), this.#lettersPath(this.#target));
        await rename(this.#data(basename(this.#target)), this.#target);
      } else {
        await syncDirectory(this.#data());
        await rename(this.#data(), this.#target);
      }
      await syncDirectory(dirname(this.#target));
    } catch (error) {
      throw fileError(error, `publish "${this.location}"`, { details: { unfinished: this.#unfinished } });
    }
    await removeUnfinished(this.#unfinished, this.#target);
    return {
      files: this.#names.map((name) => (this.single ? this.location : join(this.location, name))),
      ...(this.#letters === undefined ? {} : { deadLetters: this.#letters.path }),
    };
  }

  async discard(): Promise<void> {
    for (const file of this.#open) await file.abandon();
    await removeUnfinished(this.#unfinished, this.#target);
  }

  /** What is replaced stays whole beside the new output until that has its name. */
  async #moveOldAside(): Promise<void> {
    if (this.#mode === "overwrite") {
      await moveIfThere(this.#target, join(this.#unfinished, "replaced"));
      if (this.single) await moveIfThere(this.#lettersPath(this.#target), join(this.#unfinished, "replaced-letters"));
    } else if (!this.single) {
      await rmdir(this.#target).catch(() => {});
    }
  }

  async #create(path: string, published: string): Promise<DiskFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = new DiskFile(await open(path, "wx"), published, () => this.#open.delete(file));
      this.#open.add(file);
      return file;
    } catch (error) {
      throw fileError(error, `write "${published}"`);
    }
  }

  #data(name = ""): string {
    return join(this.#unfinished, "data", name);
  }

  #lettersPath(path: string): string {
    return this.single ? `${path}.dead-letters.jsonl` : join(path, "_dead-letters.jsonl");
  }
}

class DiskFile implements OutputFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #closed: () => void;
  #size = 0;

  constructor(handle: FileHandle, path: string, closed: () => void) {
    this.#handle = handle;
    this.path = path;
    this.#closed = closed;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.byteLength; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
      this.#size += bytes.byteLength;
    } catch (error) {
      throw fileError(error, `write "${this.path}"`);
    }
  }

  async close(): Promise<number> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (error) {
      throw fileError(error, `write "${this.path}"`);
    }
    this.#closed();
    return this.#size;
  }

  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
  });
}

/** A rename is on the disk only when its directory is. Some systems can't sync directories. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {}
}
