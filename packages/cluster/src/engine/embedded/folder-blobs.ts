import { ShoalError, systemDate } from "@shoal/core";
import { blobDamaged, blobMissing, checkBlobBytes, sha256Of } from "../blob-bytes.ts";
import type { BlobStore, ByteRange } from "../blob-store.ts";
import { diskError } from "./disk-error.ts";
import { systemCode, type Disk } from "./disk.ts";
import { blobsOfPack } from "./pack-format.ts";
import { packPath, PackWriter, type BlobPlace } from "./pack-writer.ts";

interface KnownBlob {
  place: BlobPlace;
  /** When it was put last, by the wall clock; of what an earlier process put, when its pack was written last. */
  putAt: number;
  /** Its bytes were read or written by this process: until then they may be what a crash has left. */
  isSound: boolean;
}

const packName = /^pack-(\d{8})\.blobs$/;
const maxPackBytes = 64 << 20;
const touchedMs = 1_000;

/** Blobs in packs, one behind the other: `pack-00000001.blobs` and so on; which lie where is read when a folder is opened, and kept in memory. One process at a time. */
export class FolderBlobs implements BlobStore {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #date: () => number;
  readonly #writer: PackWriter;
  readonly #known: Map<string, KnownBlob>;
  /** Blobs that are being put. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  #collecting: Promise<unknown> = Promise.resolve();
  #touched = { pack: -1, at: 0 };

  /** @param date the day and time, in milliseconds since 1970, by which the disk dates its files too */
  static async open(folder: string, disk: Disk, date: () => number = systemDate): Promise<FolderBlobs> {
    const known = new Map<string, KnownBlob>();
    const packs = await packsIn(folder, disk);
    for (const pack of packs) {
      const path = packPath(folder, pack);
      const info = await disk.stat(path);
      if (info === undefined) continue;
      // Of two that are called the same the later counts: the other one was damaged, or has moved.
      for await (const { sha256, start, bytes } of blobsOfPack(disk, path, info.bytes)) known.set(sha256, { place: { pack, start, bytes }, putAt: info.changedMs, isSound: false });
    }
    return new FolderBlobs(folder, disk, date, known, Math.max(0, ...packs));
  }

  private constructor(folder: string, disk: Disk, date: () => number, known: Map<string, KnownBlob>, lastPack: number) {
    [this.#folder, this.#disk, this.#date, this.#known] = [folder, disk, date, known];
    this.#writer = new PackWriter(folder, disk, lastPack, maxPackBytes);
  }

  put(sha256: string, bytes: Uint8Array): Promise<"stored" | "there"> {
    const copy = new Uint8Array(bytes);
    return this.#alone(sha256, async () => {
      if (await this.#isThere(sha256)) return "there";
      checkBlobBytes(sha256, await sha256Of(copy));
      await this.#store(sha256, copy);
      return "stored";
    });
  }

  add(sha256: string, bytes: Uint8Array): Promise<void> {
    if (this.#known.has(sha256) || this.#underWay.has(sha256)) return this.#alone(sha256, async () => void ((await this.#isThere(sha256)) || (await this.#store(sha256, bytes))));
    // Nobody has it, mostly: as few promises as that takes.
    const stored = this.#store(sha256, bytes, () => this.#underWay.delete(sha256));
    this.#underWay.set(sha256, stored);
    return stored.catch((error: unknown) => {
      this.#underWay.delete(sha256);
      throw diskError(error, `store blob ${sha256}`, this.#folder);
    });
  }

  async get(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    await this.#underWay.get(sha256)?.catch(() => {});
    const bytes = await this.#read(sha256);
    return range === undefined ? bytes : bytes.slice(range.start, range.start + range.length);
  }

  async size(sha256: string): Promise<number | undefined> {
    return this.#known.get(sha256)?.place.bytes;
  }

  collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    const collected = this.#collecting.catch(() => {}).then(() => this.#collect(isReferenced, graceMs));
    this.#collecting = collected;
    return collected;
  }

  async close(): Promise<void> {
    await this.#collecting.catch(() => {});
    await this.#writer.close();
  }

  #store(sha256: string, bytes: Uint8Array, onStored = (): unknown => undefined): Promise<void> {
    return this.#writer.append(sha256, bytes, (place) => {
      this.#known.set(sha256, { place, putAt: this.#date(), isSound: true });
      onStored();
    });
  }

  /** As good as new for `collect`, if it is there and is what it is called. */
  async #isThere(sha256: string): Promise<boolean> {
    const known = this.#known.get(sha256);
    if (known === undefined) return false;
    known.putAt = this.#date();
    try {
      if (!known.isSound) await this.#read(sha256);
      await this.#touch(known.place.pack);
      return this.#known.has(sha256);
    } catch {
      // Whatever is wrong with it there, it is written once more.
      return false;
    }
  }

  /** For who opens the folder next. To the second: the same small result may come a thousand times in one. */
  async #touch(pack: number): Promise<void> {
    const now = this.#date();
    if (this.#touched.pack === pack && now - this.#touched.at < touchedMs) return;
    await this.#disk.touch(packPath(this.#folder, pack), now);
    this.#touched = { pack, at: now };
  }

  /** The bytes, which are looked at each time: those that have changed where they lie are never given out. */
  async #read(sha256: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#known.get(sha256);
    if (known === undefined) throw blobMissing(sha256);
    const { place } = known;
    const bytes = new Uint8Array(place.bytes);
    let at = 0;
    try {
      for await (const part of this.#disk.read(packPath(this.#folder, place.pack), place.start, place.start + place.bytes)) {
        bytes.set(part, at);
        at += part.byteLength;
      }
    } catch (error) {
      // It has moved to another pack meanwhile.
      if (systemCode(error) === "ENOENT" && this.#known.get(sha256)?.place !== place) return this.#read(sha256);
      if (systemCode(error) !== "ENOENT") throw diskError(error, `read blob ${sha256}`, this.#folder);
      this.#known.delete(sha256);
      throw blobMissing(sha256);
    }
    const actual = await sha256Of(bytes);
    if (actual !== sha256) {
      if (this.#known.get(sha256)?.place === place) this.#known.delete(sha256);
      throw blobDamaged(sha256, actual);
    }
    known.isSound = true;
    return bytes;
  }

  async #collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    const before = this.#date() - graceMs;
    const total = { removed: 0, bytes: 0 };
    for (const [sha256, { place, putAt }] of this.#known) {
      if (putAt > before || isReferenced(sha256)) continue;
      this.#known.delete(sha256);
      total.removed++;
      total.bytes += place.bytes;
    }
    if (total.removed > 0) await this.#writer.endPack();
    await this.#shrink();
    return total;
  }

  /** Packs of which less than half is wanted go; what is wanted of them is written anew before. */
  async #shrink(): Promise<void> {
    for (const number of await packsIn(this.#folder, this.#disk)) {
      if (number === this.#writer.current) continue;
      const path = packPath(this.#folder, number);
      const { bytes = 0 } = (await this.#disk.stat(path)) ?? {};
      const wanted = [...this.#known].filter(([, { place }]) => place.pack === number);
      const wantedBytes = wanted.reduce((sum, [, { place }]) => sum + place.bytes, 0);
      if (wanted.length > 0 && 2 * wantedBytes >= bytes) continue;
      for (const [sha256, known] of wanted) await this.#move(sha256, known);
      await this.#disk.remove(path);
    }
  }

  async #move(sha256: string, known: KnownBlob): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#read(sha256);
    } catch (error) {
      if (ShoalError.is(error, "blob-damaged") || ShoalError.is(error, "blob-missing")) return;
      throw error;
    }
    await this.#writer.append(sha256, bytes, (place) => (known.place = place));
  }

  async #alone<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    for (let other; (other = this.#underWay.get(sha256)) !== undefined; ) await other.catch(() => {});
    const done = work();
    this.#underWay.set(sha256, done);
    try {
      return await done;
    } catch (error) {
      throw diskError(error, `store blob ${sha256}`, this.#folder);
    } finally {
      this.#underWay.delete(sha256);
    }
  }
}

async function packsIn(folder: string, disk: Disk): Promise<number[]> {
  return (await disk.list(folder)).flatMap((name) => packName.exec(name)?.slice(1).map(Number) ?? []);
}
