import { createHash, type Hash } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, utimes, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";
import { defaultFileLimits, filesToRemove, type FileLimits, type KeptFile } from "./prune-files.ts";

/** Files of models and of code, by SHA-256 in lower-case hex. */
export interface StoredFiles {
  has(sha256: string): Promise<boolean>;
  /** Undefined when it is not there. */
  size(sha256: string): Promise<number | undefined>;
  /**
   * Takes the next bytes of a file; with the last ones it is there. Who sends it again from the start, or beside another, is only heard for what is new.
   * @throws `bad-offset` where bytes before these are missing; `blob-mismatch` at the end, when they are not what they are called
   */
  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void>;
  /** Takes a file of this machine where it lies. It is read there, and has to stay. @throws `blob-mismatch`, and what the file system says */
  add(sha256: string, path: string): Promise<void>;
  /** @throws `blob-missing` */
  read(sha256: string, range?: { readonly start: number; readonly length: number }): Promise<Uint8Array>;
  /** The same, piece by piece. */
  parts(sha256: string, range: { readonly start: number; readonly length: number }): AsyncGenerator<Uint8Array>;
  /** Removes what was not asked for in long, and what is too much; and what began to come and never went on. Nothing that is needed. */
  collect(isNeeded: (sha256: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

interface Incoming {
  readonly file: FileHandle;
  readonly path: string;
  readonly hash: Hash;
  bytes: number;
  /** When something of it came last. */
  cameAt: number;
}

const partBytes = 256 * 1024;
/** The time of a file says when it was asked for, as exactly as this. */
const usedWithinMs = 600_000;
const abandonedMs = 3_600_000;

export interface FolderFilesOptions {
  readonly limits?: Partial<FileLimits>;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
}

/** @param folder where they are kept; without one in a temporary folder, which is made with the first file and removed by `close` */
export function folderFiles(folder?: string, options: FolderFilesOptions = {}): StoredFiles {
  return new FolderFiles(folder, options);
}

class FolderFiles implements StoredFiles {
  readonly #given: string | undefined;
  readonly #limits: FileLimits;
  readonly #date: () => number;
  #temporary: Promise<string> | undefined;
  /** Files of this machine, read where they lie. */
  readonly #added = new Map<string, { readonly path: string; readonly bytes: number; readonly changedMs: number }>();
  readonly #incoming = new Map<string, Incoming>();
  /** One at a time for each file. */
  readonly #underWay = new Map<string, Promise<void>>();
  #isCleared = false;

  constructor(folder: string | undefined, { limits, date = Date.now }: FolderFilesOptions) {
    this.#given = folder;
    this.#limits = { ...defaultFileLimits, ...limits };
    this.#date = date;
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.size(sha256)) !== undefined;
  }

  async size(sha256: string): Promise<number | undefined> {
    return (await this.#find(sha256))?.bytes;
  }

  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void> {
    return this.#alone(sha256, async () => {
      if (await this.has(sha256)) return;
      const incoming = this.#incoming.get(sha256) ?? (await this.#begin(sha256));
      if (offset > incoming.bytes) {
        throw new ShoalError("bad-offset", `Bytes of the file ${sha256} came from ${offset} on, but only ${incoming.bytes} are there.`, { hint: "Send it again from the start.", failure: "bug" });
      }
      try {
        const fresh = bytes.subarray(incoming.bytes - offset);
        for (let at = 0; at < fresh.byteLength; ) at += (await incoming.file.write(fresh, at, fresh.byteLength - at, incoming.bytes + at)).bytesWritten;
        incoming.hash.update(fresh);
        incoming.bytes += fresh.byteLength;
        incoming.cameAt = this.#date();
        if (last) await this.#finish(sha256, incoming);
      } catch (error) {
        await this.#drop(sha256, incoming);
        throw ShoalError.from(error);
      }
    });
  }

  add(sha256: string, path: string): Promise<void> {
    return this.#alone(sha256, async () => {
      if (await this.has(sha256)) return;
      const hash = createHash("sha256");
      const { size, mtimeMs } = await stat(path);
      for await (const part of pieces(path, { start: 0, length: size })) hash.update(part);
      checkHash(sha256, hash.digest("hex"));
      this.#added.set(sha256, { path, bytes: size, changedMs: mtimeMs });
    });
  }

  async read(sha256: string, range?: { readonly start: number; readonly length: number }): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.parts(sha256, range ?? { start: 0, length: Infinity })) parts.push(part);
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    return bytes;
  }

  async *parts(sha256: string, range: { readonly start: number; readonly length: number }): AsyncGenerator<Uint8Array> {
    const found = await this.#find(sha256);
    if (found === undefined) throw new ShoalError("blob-missing", `There is no file ${sha256}.`, { hint: "Bring it again, with the job that needs it." });
    yield* pieces(found.path, { start: range.start, length: Math.min(range.length, found.bytes - range.start) });
  }

  async collect(isNeeded: (sha256: string) => boolean): Promise<void> {
    const now = this.#date();
    for (const [sha256, incoming] of this.#incoming) if (now - incoming.cameAt >= abandonedMs) await this.#alone(sha256, () => this.#drop(sha256, incoming));
    const folder = this.#given ?? (await this.#temporary);
    if (folder === undefined) return;
    const kept: KeptFile[] = [];
    for (const sha256 of await readdir(folder).catch(() => [])) {
      const info = isSha256(sha256) ? await stat(join(folder, sha256)).catch(() => undefined) : undefined;
      if (info !== undefined) kept.push({ sha256, bytes: info.size, usedAt: info.mtimeMs });
    }
    for (const sha256 of filesToRemove(kept, isNeeded, now, this.#limits)) await rm(join(folder, sha256), { force: true });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
    for (const [sha256, incoming] of this.#incoming) await this.#drop(sha256, incoming);
    if (this.#temporary !== undefined) await rm(await this.#temporary, { recursive: true, force: true });
  }

  async #find(sha256: string): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
    // It may come from a stranger, as part of a path.
    if (!isSha256(sha256)) return undefined;
    const added = this.#added.get(sha256);
    if (added !== undefined) {
      const now = await stat(added.path).catch(() => undefined);
      if (now?.size === added.bytes && now.mtimeMs === added.changedMs) return added;
      // It is not what it was.
      this.#added.delete(sha256);
    }
    const folder = this.#given ?? (await this.#temporary);
    if (folder === undefined) return undefined;
    const path = join(folder, sha256);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) return undefined;
    const now = this.#date();
    if (now - info.mtimeMs >= usedWithinMs) await utimes(path, new Date(now), new Date(now)).catch(() => {});
    return { path, bytes: info.size };
  }

  async #begin(sha256: string): Promise<Incoming> {
    if (!isSha256(sha256)) throw new ShoalError("blob-mismatch", `"${sha256.slice(0, 80)}" is no SHA-256.`, { hint: "Name files by the SHA-256 of their bytes, in lower-case hex.", failure: "bug" });
    const folder = join(await this.#folder(), "incoming");
    await mkdir(folder, { recursive: true });
    // What a process left that died.
    if (!this.#isCleared) for (const name of await readdir(folder)) await rm(join(folder, name), { force: true });
    this.#isCleared = true;
    const path = join(folder, sha256);
    const incoming = { path, file: await open(path, "w"), hash: createHash("sha256"), bytes: 0, cameAt: this.#date() };
    this.#incoming.set(sha256, incoming);
    return incoming;
  }

  async #finish(sha256: string, incoming: Incoming): Promise<void> {
    checkHash(sha256, incoming.hash.digest("hex"));
    await incoming.file.datasync();
    await incoming.file.close();
    await rename(incoming.path, join(await this.#folder(), sha256));
    this.#incoming.delete(sha256);
  }

  /** It will never be whole. */
  async #drop(sha256: string, incoming: Incoming): Promise<void> {
    if (this.#incoming.get(sha256) !== incoming) return;
    this.#incoming.delete(sha256);
    await incoming.file.close().catch(() => {});
    await rm(incoming.path, { force: true }).catch(() => {});
  }

  #folder(): Promise<string> {
    if (this.#given !== undefined) return Promise.resolve(this.#given);
    return (this.#temporary ??= mkdtemp(join(tmpdir(), "shoal-files-")));
  }

  async #alone<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(sha256);
    const done = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    const settled = done.then(() => {}, () => {});
    this.#underWay.set(sha256, settled);
    void settled.then(() => this.#underWay.get(sha256) === settled && this.#underWay.delete(sha256));
    return done;
  }
}

async function* pieces(path: string, { start, length }: { readonly start: number; readonly length: number }): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    for (let at = start; at < start + length; ) {
      // A new one each time: the reader keeps what it was given until it is sent.
      const part = new Uint8Array(Math.min(partBytes, start + length - at));
      const { bytesRead } = await file.read(part, 0, part.byteLength, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield part.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function isSha256(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function checkHash(sha256: string, actual: string): void {
  if (sha256 === actual) return;
  throw new ShoalError("blob-mismatch", `A file was to be ${sha256}, but the SHA-256 of its bytes is ${actual}.`, { hint: "Send it again: it changed on the way, or while it was read.", failure: "bug", details: { sha256, actual } });
}
