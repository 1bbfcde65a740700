import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { blobDamaged, blobMissing, checkBlobBytes, sha256Of } from "../blob-bytes.ts";
import type { BlobStore, ByteRange } from "../blob-store.ts";
import { diskError } from "./disk-error.ts";
import { systemCode, type Disk } from "./disk.ts";

interface Seen {
  readonly bytes: number;
  readonly changedMs: number;
}

/** Blobs as files: `<first two digits>/<sha256>`; those on their way in `incoming`, those whose bytes have changed in `damaged`. One process at a time. */
export class FolderBlobs implements BlobStore {
  readonly #folder: string;
  readonly #disk: Disk;
  /** What is known to be on the disk, folder entry and all. */
  readonly #durable = new Set<string>();
  /** Files that were found to be what they are called, as they were then. */
  readonly #checked = new Map<string, Seen>();
  /** What must be over before anything else is done with a blob. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  put(sha256: string, bytes: Uint8Array): Promise<"stored" | "there"> {
    return this.#alone(sha256, async () => {
      const path = this.#path(sha256);
      if (path !== undefined && (await this.#disk.stat(path)) !== undefined) {
        await this.#keep(sha256, path);
        return "there";
      }
      const copy = new Uint8Array(bytes);
      checkBlobBytes(sha256, await sha256Of(copy));
      await this.#store(sha256, path as string, copy);
      return "stored";
    });
  }

  async get(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    await this.#underWay.get(sha256)?.catch(() => {});
    const path = this.#path(sha256);
    try {
      const info = path === undefined ? undefined : await this.#disk.stat(path);
      if (path === undefined || info === undefined) throw blobMissing(sha256);
      const seen = this.#checked.get(sha256);
      if (seen?.changedMs !== info.changedMs || seen.bytes !== info.bytes) await this.#check(sha256, path, info);
      const { start = 0, length = Infinity } = range ?? {};
      const bytes = new Uint8Array(Math.max(0, Math.min(info.bytes - start, length)));
      let at = 0;
      for await (const part of this.#disk.read(path, start, start + bytes.byteLength)) {
        bytes.set(part, at);
        at += part.byteLength;
      }
      return bytes;
    } catch (error) {
      if (systemCode(error) === "ENOENT") throw blobMissing(sha256);
      throw diskError(error, `read blob ${sha256}`, this.#folder);
    }
  }

  async size(sha256: string): Promise<number | undefined> {
    const path = this.#path(sha256);
    return path === undefined ? undefined : (await this.#disk.stat(path))?.bytes;
  }

  async collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    // Files carry the time of the wall clock.
    const before = Date.now() - graceMs;
    const total = { removed: 0, bytes: 0 };
    for (const folder of await this.#disk.list(this.#folder)) {
      for (const name of await this.#disk.list(join(this.#folder, folder))) {
        if (folder !== "incoming" && this.#path(name) === undefined) continue;
        await this.#alone(name, async () => {
          const path = join(this.#folder, folder, name);
          const info = await this.#disk.stat(path);
          if (info === undefined || info.changedMs > before || isReferenced(name)) return;
          await this.#disk.remove(path);
          this.#durable.delete(name);
          this.#checked.delete(name);
          total.removed++;
          total.bytes += info.bytes;
        });
      }
    }
    return total;
  }

  async #store(sha256: string, path: string, bytes: Uint8Array): Promise<void> {
    const incoming = join(this.#folder, "incoming");
    const temporary = join(incoming, randomUUID());
    await this.#disk.makeFolder(incoming);
    const file = await this.#disk.create(temporary);
    try {
      await file.write(bytes, 0);
      await file.sync();
      await file.close();
      await this.#disk.makeFolder(dirname(path));
      await this.#disk.rename(temporary, path);
      await this.#sync(sha256, path);
    } catch (error) {
      await file.close().catch(() => {});
      await this.#disk.remove(temporary).catch(() => {});
      throw error;
    }
  }

  /** As good as new for `collect`. */
  async #keep(sha256: string, path: string): Promise<void> {
    await this.#disk.touch(path);
    const info = await this.#disk.stat(path);
    if (this.#checked.has(sha256) && info !== undefined) this.#checked.set(sha256, info);
    // Who stored it may have died before its folder was synced.
    if (!this.#durable.has(sha256)) await this.#sync(sha256, path);
  }

  async #sync(sha256: string, path: string): Promise<void> {
    await this.#disk.syncFolder(dirname(path));
    await this.#disk.syncFolder(this.#folder);
    this.#durable.add(sha256);
  }

  async #check(sha256: string, path: string, info: Seen): Promise<void> {
    const actual = await this.#disk.sha256(path);
    if (actual === sha256) {
      this.#checked.set(sha256, info);
      return;
    }
    const aside = join(this.#folder, "damaged");
    await this.#disk.makeFolder(aside);
    await this.#disk.rename(path, join(aside, sha256));
    this.#durable.delete(sha256);
    throw blobDamaged(sha256, actual);
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

  /** Undefined for what can't be a blob's name: it may come from a stranger. */
  #path(sha256: string): string | undefined {
    return /^[0-9a-f]{64}$/.test(sha256) ? join(this.#folder, sha256.slice(0, 2), sha256) : undefined;
  }
}
