import { dirname, join, resolve } from "node:path";
import { ShoalError, systemClock, systemDate } from "@shoal/core";
import { blobDamaged, blobMissing, sha256Of } from "../../blob-bytes.ts";
import type { BlobStore, ByteRange } from "../../blob-store.ts";
import { diskError } from "../../embedded/disk-error.ts";
import { localDisk, systemCode, type Disk } from "../../embedded/disk.ts";
import { joinedBytes } from "../../joined-bytes.ts";
import { isSha256 } from "../files/file-place.ts";
import { sharedBlobs, type SharedBlobPlace } from "../shared-blobs.ts";
import { FolderSyncs } from "./folder-syncs.ts";
import { FolderTime, type TimeHere } from "./folder-time.ts";
import { nameBefore, removeUnless, settleAside } from "./set-aside.ts";

export interface SharedFolderOptions extends Partial<TimeHere> {
  readonly disk?: Disk;
}

/** What a writer left that was killed: nobody writes one blob for so long. */
const abandonedMs = 3_600_000;

/**
 * Blobs in a folder that any number of processes share, also of several machines over a network file system: `ab/abcdef…`, one file each, which gets its name once it is
 * whole and on the disk. The time of a file says when it was put last.
 */
export function sharedFolderBlobs(folder: string, { disk = localDisk, clock = systemClock, date = systemDate }: SharedFolderOptions = {}): BlobStore {
  return sharedBlobs(new FolderBlobPlace(resolve(folder), disk, { clock, date }));
}

class FolderBlobPlace implements SharedBlobPlace {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #disk: Disk;
  readonly #time: FolderTime;
  /** Folders that are there for certain. */
  readonly #made = new Map<string, Promise<void>>();
  readonly #syncs: FolderSyncs;

  constructor(folder: string, disk: Disk, here: TimeHere) {
    [this.#folder, this.#disk] = [folder, disk];
    this.#incoming = join(folder, "incoming");
    this.#time = new FolderTime(this.#incoming, disk, here);
    this.#syncs = new FolderSyncs(disk);
  }

  write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<"stored" | "there"> {
    return this.#doing(`store blob ${sha256}`, async () => {
      if (await this.#renew(sha256, bytes)) return "there";
      await this.#write(sha256, bytes);
      return "stored";
    });
  }

  async get(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    const bytes = isSha256(sha256) ? await this.#doing(`read blob ${sha256}`, () => this.#find(sha256)) : undefined;
    if (bytes === undefined) throw blobMissing(sha256);
    const actual = await sha256Of(bytes);
    if (actual !== sha256) {
      await this.#doing(`remove blob ${sha256}, which is damaged`, () => removeUnless(this.#disk, this.#path(sha256), async (aside) => (await sha256Of(await this.#read(aside))) !== sha256));
      throw blobDamaged(sha256, actual);
    }
    return range === undefined ? bytes : bytes.slice(range.start, range.start + range.length);
  }

  async size(sha256: string): Promise<number | undefined> {
    if (!isSha256(sha256)) return undefined;
    return this.#doing(`look for blob ${sha256}`, async () => (await this.#disk.stat(this.#path(sha256)))?.bytes);
  }

  collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    return this.#doing("remove blobs that are not needed", () => this.#collect(isReferenced, graceMs));
  }

  /** Makes it as good as new for whoever collects, if it is there and is what it is called. */
  async #renew(sha256: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(sha256);
    try {
      if ((await this.#disk.stat(path))?.bytes !== bytes.byteLength) return false;
      await this.#disk.touch(path, await this.#now());
      let at = 0;
      for await (const part of this.#disk.read(path)) {
        for (let index = 0; index < part.byteLength; index++) if (part[index] !== bytes[at + index]) return false;
        at += part.byteLength;
      }
      return at === bytes.byteLength;
    } catch {
      // Whatever is wrong with it there, it is written once more.
      return false;
    }
  }

  async #write(sha256: string, bytes: Uint8Array): Promise<void> {
    const folder = dirname(this.#path(sha256));
    await this.#make(this.#incoming);
    await this.#make(folder);
    const path = join(this.#incoming, `${sha256}-${crypto.randomUUID()}`);
    try {
      const file = await this.#disk.create(path);
      try {
        await file.write(bytes, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#disk.rename(path, this.#path(sha256));
    } catch (error) {
      // It may lie in a folder that is gone; the next try makes it anew.
      this.#made.clear();
      await this.#disk.remove(path).catch(() => {});
      throw error;
    }
    await this.#syncs.sync(folder);
  }

  /** Its bytes, whatever they are. For a moment, while somebody decides whether it goes, it has another name. */
  async #find(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(sha256);
    for (let turn = 0; turn < 3; turn++) {
      const names = turn === 0 ? [] : (await this.#disk.list(dirname(path))).filter((name) => nameBefore(name) === sha256).map((name) => join(dirname(path), name));
      for (const each of [path, ...names]) {
        try {
          return await this.#read(each);
        } catch (error) {
          if (systemCode(error) !== "ENOENT") throw error;
        }
      }
      if (turn > 0 && names.length === 0) return undefined;
    }
    return undefined;
  }

  async #read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    for await (const part of this.#disk.read(path)) parts.push(part.slice());
    return parts.length === 1 ? (parts[0] as Uint8Array<ArrayBuffer>) : joinedBytes(parts);
  }

  async #collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    const total = { removed: 0, bytes: 0 };
    if (!this.#disk.exists(this.#folder)) return total;
    const now = await this.#now();
    await this.#sweep(now);
    for (const begin of (await this.#disk.list(this.#folder)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      const folder = join(this.#folder, begin);
      for (const name of await this.#disk.list(folder)) {
        const sha256 = nameBefore(name) ?? name;
        if (!isSha256(sha256)) continue;
        const isOld = async (path: string): Promise<boolean> => ((await this.#disk.stat(path))?.changedMs ?? Infinity) <= now - graceMs;
        const path = join(folder, sha256);
        // A process that removed it may have died: what it had begun is ended here.
        if (name !== sha256) {
          await settleAside(this.#disk, path, join(folder, name), async (aside) => !isReferenced(sha256) && (await isOld(aside)));
          continue;
        }
        if (isReferenced(sha256) || !(await isOld(path))) continue;
        const bytes = (await this.#disk.stat(path))?.bytes ?? 0;
        if (!(await removeUnless(this.#disk, path, isOld))) continue;
        total.removed++;
        total.bytes += bytes;
      }
    }
    return total;
  }

  /** What writers left that were killed. */
  async #sweep(now: number): Promise<void> {
    for (const name of await this.#disk.list(this.#incoming)) {
      const path = join(this.#incoming, name);
      const { changedMs = now } = (await this.#disk.stat(path)) ?? {};
      if (now - changedMs > abandonedMs) await this.#disk.remove(path);
    }
  }

  #path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  async #now(): Promise<number> {
    await this.#make(this.#incoming);
    return this.#time.now();
  }

  /** A folder and its name are on the disk before anything in it is. */
  async #make(folder: string): Promise<void> {
    let made = this.#made.get(folder);
    if (made === undefined) {
      made = (async () => {
        await this.#disk.makeFolder(folder);
        await this.#disk.syncFolder(dirname(folder));
        if (folder === this.#incoming) await this.#disk.syncFolder(dirname(this.#folder));
      })();
      this.#made.set(folder, made);
      made.catch(() => this.#made.delete(folder));
    }
    await made;
  }

  async #doing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw ShoalError.is(error) ? error : diskError(error, doing, this.#folder);
    }
  }
}
