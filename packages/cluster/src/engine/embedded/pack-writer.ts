import { join } from "node:path";
import { engineClosed } from "../engine-errors.ts";
import { systemCode, type Disk, type DiskFile } from "./disk.ts";
import { blobHeaderBytes, writeBlobHeader } from "./pack-format.ts";

/** Where a blob lies. */
export interface BlobPlace {
  /** The number of its pack. */
  readonly pack: number;
  readonly start: number;
  readonly bytes: number;
}

interface Waiting {
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly onStored: (place: BlobPlace) => void;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface OpenPack {
  readonly file: DiskFile;
  readonly number: number;
  /** All before it is on the disk. */
  synced: number;
}

/** So that a group is written within moments, however many wait. */
const maxGroupBytes = 8 << 20;
/** Larger ones are written from where they lie. */
const copiedBytes = 1 << 16;

export function packPath(folder: string, number: number): string {
  return join(folder, `pack-${String(number).padStart(8, "0")}.blobs`);
}

/**
 * Puts blobs one behind the other into files. Whatever comes in while one group is being written makes the next, and is synced together: a thousand small blobs cost
 * what one costs. After a write that failed nothing more goes into its file.
 */
export class PackWriter {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #maxPackBytes: number;
  #last: number;
  #open: OpenPack | undefined;
  #isBeginning = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  /** @param last the highest number that a pack has */
  constructor(folder: string, disk: Disk, last: number, maxPackBytes: number) {
    this.#folder = folder;
    this.#disk = disk;
    this.#last = last;
    this.#maxPackBytes = maxPackBytes;
  }

  /** The pack that is being written, if one is: from before its file is there. */
  get current(): number | undefined {
    return this.#isBeginning ? this.#last : this.#open?.number;
  }

  /**
   * Settles once the blob is on the disk. Its bytes must stay as they are until then.
   * @param onStored called just before, and before the pack can end: so that no pack is taken for one that nobody wants
   */
  append(sha256: string, bytes: Uint8Array, onStored: (place: BlobPlace) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(engineClosed());
      this.#waiting.push({ sha256, bytes, onStored, resolve, reject });
      this.#write();
    });
  }

  /** What comes next goes into another file. */
  async endPack(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#end();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.endPack();
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#write();
    });
  }

  async #writeAll(): Promise<void> {
    // Whoever calls in this same turn still belongs to the group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#writeGroup(group);
      } catch (error) {
        await this.#open?.file.truncate(this.#open.synced).catch(() => {});
        await this.#end();
        for (const { reject } of group) reject(error);
      }
    }
  }

  #nextGroup(): readonly Waiting[] {
    let bytes = 0;
    const count = this.#waiting.findIndex((one) => (bytes += one.bytes.byteLength) > maxGroupBytes);
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(1, count));
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const open = this.#open ?? (await this.#begin());
    const places: BlobPlace[] = [];
    let at = open.synced;
    for (let next = 0; next < group.length; ) {
      const { bytes } = group[next] as Waiting;
      const isCopied = bytes.byteLength <= copiedBytes;
      let end = next + 1;
      if (isCopied) while (end < group.length && (group[end] as Waiting).bytes.byteLength <= copiedBytes) end++;
      const part = group.slice(next, end);
      const written = Buffer.allocUnsafe(part.reduce((sum, one) => sum + blobHeaderBytes + (isCopied ? one.bytes.byteLength : 0), 0));
      let within = 0;
      for (const one of part) {
        writeBlobHeader(written, within, one.sha256, one.bytes.byteLength);
        within += blobHeaderBytes;
        places.push({ pack: open.number, start: at + within, bytes: one.bytes.byteLength });
        if (isCopied) {
          written.set(one.bytes, within);
          within += one.bytes.byteLength;
        }
      }
      await open.file.write(written, at);
      at += written.byteLength;
      if (!isCopied) {
        await open.file.write(bytes, at);
        at += bytes.byteLength;
      }
      next = end;
    }
    await open.file.sync();
    open.synced = at;
    group.forEach(({ onStored, resolve }, index) => {
      onStored(places[index] as BlobPlace);
      resolve();
    });
    if (at >= this.#maxPackBytes) await this.#end();
  }

  async #begin(): Promise<OpenPack> {
    this.#isBeginning = true;
    try {
      const file = await this.#create();
      try {
        await this.#disk.syncFolder(this.#folder);
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
      return (this.#open = { file, number: this.#last, synced: 0 });
    } finally {
      this.#isBeginning = false;
    }
  }

  async #create(): Promise<DiskFile> {
    for (;;) {
      this.#last++;
      try {
        return await this.#disk.create(packPath(this.#folder, this.#last));
      } catch (error) {
        // Of an owner of the folder who was taken for dead, and writes on.
        if (systemCode(error) !== "EEXIST") throw error;
      }
    }
  }

  async #end(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close().catch(() => {});
  }
}
