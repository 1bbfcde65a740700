import { mkdir, open, readdir, rename, rmdir, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { fileError } from "../file-error.ts";
import { hasExtension } from "../file-store.ts";
import { localPath } from "./local-files.ts";
import type { Output, OutputFile, OutputOptions } from "../output.ts";
import { dataName, deadLettersName, lettersBeside, lettersFate, lettersName, partName } from "../output-names.ts";
import { outputDamaged } from "../output-errors.ts";
import { checkFolder, checkReplaceable, outputTarget } from "./output-place.ts";
import { sweepLeftOvers } from "./sweep-left-overs.ts";
import { syncFolder } from "./sync-folder.ts";
import { beginPublishing, claimUnfinished, isOurs, leaveUnfinished, moveIfThere, publishLetters, removeUnfinished, replacedName, settleLeftOver, type Claim, type Publishing } from "./unfinished-output.ts";

/**
 * Opens a path for writing: one file when it ends in one of the extensions (`out.jsonl`), otherwise a directory of parts
 * (`out/part-00000.jsonl`). Everything is written into a hidden directory beside it and renamed at the end.
 * What a run that died while publishing left in between is put right first: the old output is back, or the new one whole.
 * @throws `output-exists`, `output-not-ours`, `output-unfinished`, `output-busy`, `unwritable-location`, `not-a-directory`, with the choices there are.
 */
export async function openOutput(given: string, options: OutputOptions): Promise<Output> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given) && !given.startsWith("file:")) {
    throw new ShoalError("unwritable-location", `Can't write to "${given}": output goes to local paths.`, { hint: "Name a local path and copy the output from there.", failure: "bug" });
  }
  const path = localPath(given);
  const single = hasExtension(path, options.extensions) && !/[/\\]$/.test(path);
  const { mode = "error", resume = false } = options;
  const location = path.replace(/(?<=.)[/\\]+$/, "");
  try {
    const target = await outputTarget(path, location);
    await checkFolder(dirname(target), location);
    await settleLeftOver(target);
    if (!relative(target, process.cwd()).startsWith("..")) {
      throw new ShoalError("unwritable-location", `Can't write "${location}": the working directory is in it.`, { hint: "Name a directory of its own for the output.", failure: "bug" });
    }
    await checkReplaceable(target, location, mode);
    await mkdir(dirname(target), { recursive: true });
    const claim = await claimUnfinished(target, location, resume ? "resume" : mode);
    await sweepLeftOvers(claim.path);
    return new LocalOutput(location, target, claim, single, options);
  } catch (error) {
    throw fileError(error, `write "${location}"`);
  }
}

class LocalOutput implements Output {
  readonly location: string;
  readonly single: boolean;
  readonly unfinished: string;
  readonly #claim: Claim;
  readonly #target: string;
  readonly #mode: "error" | "overwrite";
  readonly #extension: string;
  readonly #files: DiskFile[] = [];
  #letters: DiskFile | undefined;
  #data: Promise<unknown> | undefined;
  readonly #open = new Set<DiskFile>();

  constructor(location: string, target: string, claim: Claim, single: boolean, options: OutputOptions) {
    this.location = location;
    this.single = single;
    this.#target = target;
    this.#claim = claim;
    this.unfinished = claim.path;
    this.#mode = options.mode ?? "error";
    this.#extension = options.extensions[0] ?? "";
  }

  async nextFile(): Promise<OutputFile> {
    const name = this.single ? basename(this.#target) : partName(this.#files.length, this.#extension);
    const file = await this.#create(this.#dataPath(name), this.single ? this.location : join(this.location, name));
    this.#files.push(file);
    return file;
  }

  async deadLetters(): Promise<OutputFile> {
    this.#letters ??= await this.#create(this.single ? join(this.unfinished, lettersName) : this.#dataPath(deadLettersName), this.#lettersPath(this.location));
    return this.#letters;
  }

  async publish(): Promise<{ files: readonly string[]; deadLetters?: string }> {
    try {
      await checkReplaceable(this.#target, this.location, this.#mode);
      await this.#checkWritten();
      await (this.single ? this.#publishFile() : this.#publishDirectory());
      await syncFolder(dirname(this.#target));
    } catch (error) {
      throw fileError(error, `publish "${this.location}"`, { details: { unfinished: this.unfinished } });
    }
    await removeUnfinished(this.#claim, this.#target);
    return {
      files: this.#files.map((file) => file.path),
      ...(this.#letters === undefined ? {} : { deadLetters: this.#letters.path }),
    };
  }

  async discard(): Promise<void> {
    for (const file of this.#open) await file.abandon();
    await removeUnfinished(this.#claim, this.#target);
  }

  async leave(): Promise<void> {
    for (const file of this.#open) await file.abandon();
    await leaveUnfinished(this.#claim, this.#target);
  }

  /** What lies in the unfinished directory gets the output's name as it is, so it must be what was written. @throws `output-damaged` */
  async #checkWritten(): Promise<void> {
    if (!(await isOurs(this.#claim))) throw this.#vanished();
    const files = this.#letters === undefined ? this.#files : [...this.#files, this.#letters];
    for (const { disk, path, size } of files) {
      const found = await stat(disk).catch(() => undefined);
      if (found?.isFile() !== true) throw this.#damaged(`"${path}" was written, and is gone from "${this.unfinished}"`);
      if (found.size !== size) throw this.#damaged(`"${path}" has ${found.size} bytes in "${this.unfinished}", where ${size} were written`);
    }
    const names = new Set(files.map(({ disk }) => basename(disk)));
    // Systems leave files of their own (.DS_Store, .nfs…), which no reader takes for data.
    const stranger = (await readdir(this.#dataPath())).find((name) => !names.has(name) && !name.startsWith("."));
    if (stranger !== undefined) throw this.#damaged(`"${stranger}" lies in "${this.unfinished}", and was not written by this run`);
  }

  #vanished(cause?: unknown): ShoalError {
    return this.#damaged(`"${this.unfinished}", where it lies until it is whole, was removed or replaced`, cause);
  }

  #damaged(what: string, cause?: unknown): ShoalError {
    return outputDamaged(this.location, what, { cause, isKept: true });
  }

  /** A file takes another's place in one step; its dead letters follow. */
  async #publishFile(): Promise<void> {
    const name = basename(this.#target);
    const publishing: Publishing = { data: join(dataName, name), letters: lettersFate(this.#letters !== undefined, this.#mode) };
    await beginPublishing(this.unfinished, publishing);
    if ((await stat(this.#target).catch(() => undefined))?.isDirectory() === true) await this.#moveOldAside();
    await rename(this.#dataPath(name), this.#target);
    await publishLetters(this.unfinished, this.#target, publishing);
  }

  async #publishDirectory(): Promise<void> {
    await syncFolder(this.#dataPath());
    await beginPublishing(this.unfinished, { data: dataName, letters: "leave" });
    await this.#moveOldAside();
    await rename(this.#dataPath(), this.#target);
  }

  /** What is replaced stays whole in the unfinished directory until the new output has its name; a crash in between is put right by the next run. */
  async #moveOldAside(): Promise<void> {
    if (this.#mode === "overwrite") await moveIfThere(this.#target, join(this.unfinished, replacedName));
    else await rmdir(this.#target).catch(() => {});
  }

  async #create(path: string, published: string): Promise<DiskFile> {
    if (!(await isOurs(this.#claim))) throw this.#vanished();
    try {
      // Once: made anew, it would lack what was written before it vanished.
      this.#data ??= mkdir(this.#dataPath());
      await this.#data;
      const file = new DiskFile(await open(path, "wx"), path, published, () => this.#open.delete(file));
      this.#open.add(file);
      return file;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") throw this.#vanished(error);
      throw fileError(error, `write "${published}"`);
    }
  }

  #dataPath(name = ""): string {
    return join(this.unfinished, dataName, name);
  }

  #lettersPath(path: string): string {
    return this.single ? lettersBeside(path) : join(path, deadLettersName);
  }
}

class DiskFile implements OutputFile {
  /** Where it lies now. */
  readonly disk: string;
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #closed: () => void;
  #size = 0;

  constructor(handle: FileHandle, disk: string, path: string, closed: () => void) {
    this.#handle = handle;
    this.disk = disk;
    this.path = path;
    this.#closed = closed;
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#size;
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
