import { createHash, type Hash } from "node:crypto";
import { mkdir, open, readdir, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ShoalError, systemDate } from "@shoal/core";
import type { ByteRange } from "../../blob-store.ts";
import { joinedBytes } from "../../joined-bytes.ts";
import { isSha256, type FilePlace, type GatheredFile } from "../files/file-place.ts";
import { defaultFileLimits, fileGraceMs, filesToRemove, type FileLimits } from "../files/prune-files.ts";
import type { StoredFiles } from "../files/stored-files.ts";
import { pieces } from "./pieces.ts";

export interface GatheredFilesOptions {
  readonly place: FilePlace;
  /** The folder in which files gather until they are whole. Asked for with the first file. */
  readonly incoming: () => Promise<string>;
  /** Others serve from the place too: what `add` takes is copied there, and what this process's jobs need is marked for all to see. */
  readonly isShared: boolean;
  readonly limits?: Partial<FileLimits>;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
  /** Called once, at the end. */
  readonly onClose?: () => Promise<void>;
}

interface Incoming {
  readonly file: FileHandle;
  readonly path: string;
  readonly hash: Hash;
  bytes: number;
  /** When something of it came last. */
  cameAt: number;
  /** Once it is whole. */
  digest?: string;
}

/** The time of a file says when it was asked for, as exactly as this. */
const usedWithinMs = 600_000;
const abandonedMs = 3_600_000;

/** Files that come in parts gather on this machine's disk, and go to their place once they are whole and what they are called: never is one in memory. */
export class GatheredFiles implements StoredFiles {
  readonly #options: GatheredFilesOptions;
  readonly #place: FilePlace;
  readonly #limits: FileLimits;
  readonly #date: () => number;
  /** Files of this machine, read where they lie. */
  readonly #added = new Map<string, { readonly path: string; readonly bytes: number; readonly changedMs: number }>();
  readonly #incoming = new Map<string, Incoming>();
  /** One at a time for each file. */
  readonly #underWay = new Map<string, Promise<void>>();
  #folder: Promise<string> | undefined;

  constructor(options: GatheredFilesOptions) {
    this.#options = options;
    this.#place = options.place;
    this.#limits = { ...defaultFileLimits, ...options.limits };
    this.#date = options.date ?? systemDate;
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.size(sha256)) !== undefined;
  }

  async size(sha256: string): Promise<number | undefined> {
    return (await this.#find(sha256))?.bytes;
  }

  put(sha256: string, offset: number, bytes: Uint8Array, last: boolean): Promise<void> {
    return this.#alone(sha256, async () => {
      let incoming = this.#incoming.get(sha256);
      if (incoming === undefined) {
        if (await this.has(sha256)) return;
        incoming = await this.#begin(sha256);
      }
      if (offset > incoming.bytes) {
        throw new ShoalError("bad-offset", `Bytes of the file ${sha256} came from ${offset} on, but only ${incoming.bytes} are there.`, { hint: "Send it again from the start.", failure: "bug" });
      }
      try {
        const fresh = bytes.subarray(incoming.bytes - offset);
        for (let at = 0; at < fresh.byteLength; ) at += (await incoming.file.write(fresh, at, fresh.byteLength - at, incoming.bytes + at)).bytesWritten;
        // One that is whole, and waits for its place, has been hashed to its end.
        if (fresh.byteLength > 0) incoming.hash.update(fresh);
        incoming.bytes += fresh.byteLength;
        incoming.cameAt = this.#date();
        if (last) await this.#finish(sha256, incoming);
      } catch (error) {
        // A place that is away for a while is no reason to have it sent once more.
        if (!ShoalError.is(error, "store-unreachable")) await this.#drop(sha256, incoming);
        throw ShoalError.from(error);
      }
    });
  }

  async arrived(sha256: string): Promise<number> {
    return this.#incoming.get(sha256)?.bytes ?? 0;
  }

  add(sha256: string, path: string): Promise<void> {
    return this.#alone(sha256, async () => {
      if (await this.has(sha256)) return;
      const hash = createHash("sha256");
      const { size, mtimeMs } = await stat(path);
      for await (const piece of pieces(path, { start: 0, length: size })) hash.update(piece);
      checkHash(sha256, hash.digest("hex"));
      if (!this.#options.isShared) return void this.#added.set(sha256, { path, bytes: size, changedMs: mtimeMs });
      const file = await open(path, "r");
      try {
        await this.#place.publish(sha256, gathered(file, path, size, false));
      } finally {
        await file.close();
      }
    });
  }

  async read(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.parts(sha256, range ?? { start: 0, length: Infinity })) parts.push(part);
    return joinedBytes(parts);
  }

  async *parts(sha256: string, { start, length }: ByteRange): AsyncGenerator<Uint8Array> {
    const found = await this.#find(sha256);
    if (found === undefined) throw new ShoalError("blob-missing", `There is no file ${sha256}.`, { hint: "Bring it again, with the job that needs it.", details: { sha256 } });
    const range = { start, length: Math.max(0, Math.min(length, found.bytes - start)) };
    yield* found.path === undefined ? this.#place.parts(sha256, range) : pieces(found.path, range);
  }

  async collect(isNeeded: (sha256: string) => boolean): Promise<void> {
    const { isShared } = this.#options;
    const now = this.#date();
    for (const [sha256, incoming] of this.#incoming) if (now - incoming.cameAt >= abandonedMs) await this.#alone(sha256, () => this.#drop(sha256, incoming));
    const kept = await this.#place.list();
    // So that no other process takes what is needed here alone.
    if (isShared) for (const { sha256, usedAt } of kept) if (isNeeded(sha256) && now - usedAt >= usedWithinMs) await this.#place.markUsed(sha256, now);
    // Each process marks what it needs about once an hour.
    const graceMs = isShared ? 3 * fileGraceMs : fileGraceMs;
    for (const sha256 of filesToRemove(kept, isNeeded, now, this.#limits, graceMs)) {
      const file = await this.#place.find(sha256);
      if (file !== undefined && now - file.usedAt >= graceMs) await this.#place.remove(sha256);
    }
    if (this.#folder !== undefined) await this.#sweep(await this.#folder, now);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
    for (const [sha256, incoming] of this.#incoming) await this.#drop(sha256, incoming);
    await this.#options.onClose?.();
  }

  /** With the path of a file that lies elsewhere than in its place. */
  async #find(sha256: string): Promise<{ readonly bytes: number; readonly path?: string } | undefined> {
    // It may come from a stranger, as part of a path.
    if (!isSha256(sha256)) return undefined;
    const added = this.#added.get(sha256);
    if (added !== undefined) {
      const now = await stat(added.path).catch(() => undefined);
      if (now?.size === added.bytes && now.mtimeMs === added.changedMs) return added;
      // It is not what it was.
      this.#added.delete(sha256);
    }
    const found = await this.#place.find(sha256);
    if (found === undefined) return undefined;
    const now = this.#date();
    // Whoever asks is served, though the place be full.
    if (now - found.usedAt >= usedWithinMs) await this.#place.markUsed(sha256, now).catch(() => {});
    return { bytes: found.bytes };
  }

  async #begin(sha256: string): Promise<Incoming> {
    if (!isSha256(sha256)) throw new ShoalError("blob-mismatch", `"${sha256.slice(0, 80)}" is no SHA-256.`, { hint: "Name files by the SHA-256 of their bytes, in lower-case hex.", failure: "bug" });
    const path = join(await this.#gathering(), `${sha256}-${crypto.randomUUID()}`);
    const incoming = { path, file: await open(path, "w+"), hash: createHash("sha256"), bytes: 0, cameAt: this.#date() };
    this.#incoming.set(sha256, incoming);
    return incoming;
  }

  async #finish(sha256: string, incoming: Incoming): Promise<void> {
    incoming.digest ??= incoming.hash.digest("hex");
    checkHash(sha256, incoming.digest);
    await incoming.file.datasync();
    await this.#place.publish(sha256, gathered(incoming.file, incoming.path, incoming.bytes, true));
    await this.#drop(sha256, incoming);
  }

  /** It is where it belongs, or will never be whole. */
  async #drop(sha256: string, incoming: Incoming): Promise<void> {
    if (this.#incoming.get(sha256) !== incoming) return;
    this.#incoming.delete(sha256);
    await incoming.file.close().catch(() => {});
    await rm(incoming.path, { force: true }).catch(() => {});
  }

  #gathering(): Promise<string> {
    this.#folder ??= (async () => {
      const folder = await this.#options.incoming();
      await mkdir(folder, { recursive: true });
      if (this.#options.isShared) await this.#sweep(folder, this.#date());
      // What a process left that died.
      else for (const name of await readdir(folder)) await rm(join(folder, name), { force: true });
      return folder;
    })();
    this.#folder.catch(() => (this.#folder = undefined));
    return this.#folder;
  }

  /** What processes left that died. */
  async #sweep(folder: string, now: number): Promise<void> {
    const ours = new Set(Array.from(this.#incoming.values(), ({ path }) => path));
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const info = ours.has(path) ? undefined : await stat(path).catch(() => undefined);
      if (info !== undefined && now - info.mtimeMs >= 24 * abandonedMs) await rm(path, { force: true });
    }
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

function gathered(file: FileHandle, path: string, bytes: number, isOurs: boolean): GatheredFile {
  return {
    path, bytes, isOurs,
    read: async (start, length) => {
      const part = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(part, at, length - at, start + at);
        if (bytesRead === 0) throw new ShoalError("file-error", `The file "${path}" ended ${bytes - start - at} bytes early, while it was stored.`, { hint: "Bring it again, and leave it as it is meanwhile." });
        at += bytesRead;
      }
      return part;
    },
  };
}

function checkHash(sha256: string, actual: string): void {
  if (sha256 === actual) return;
  throw new ShoalError("blob-mismatch", `A file was to be ${sha256}, but the SHA-256 of its bytes is ${actual}.`, { hint: "Send it again: it changed on the way, or while it was read.", failure: "bug", details: { sha256, actual } });
}
