import type { Clock } from "@shoal/core";
import { blobMissing, checkBlobBytes, sha256Of } from "../blob-bytes.ts";
import type { BlobStore, ByteRange } from "../blob-store.ts";

interface MemoryBlob {
  readonly bytes: Uint8Array;
  putAt: number;
  /** How often it was put and not released: results of several blocks may be the same. */
  uses: number;
}

/** Blobs in memory, gone with their process. */
export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, MemoryBlob>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<"stored" | "there"> {
    const copy = bytes.slice();
    if (!this.#blobs.has(sha256)) checkBlobBytes(sha256, await sha256Of(copy));
    return this.#keep(sha256, copy);
  }

  async add(sha256: string, bytes: Uint8Array): Promise<void> {
    this.#keep(sha256, bytes);
  }

  #keep(sha256: string, bytes: Uint8Array): "stored" | "there" {
    const there = this.#blobs.get(sha256);
    if (there === undefined) {
      this.#blobs.set(sha256, { bytes, putAt: this.#clock.now(), uses: 1 });
      return "stored";
    }
    there.putAt = this.#clock.now();
    there.uses++;
    return "there";
  }

  release(sha256: string): void {
    const blob = this.#blobs.get(sha256);
    if (blob !== undefined && --blob.uses <= 0) this.#blobs.delete(sha256);
  }

  async get(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    const bytes = this.#blobs.get(sha256)?.bytes;
    if (bytes === undefined) throw blobMissing(sha256);
    return range === undefined ? bytes.slice() : bytes.slice(range.start, range.start + range.length);
  }

  async size(sha256: string): Promise<number | undefined> {
    return this.#blobs.get(sha256)?.bytes.byteLength;
  }

  async collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    const before = this.#clock.now() - graceMs;
    let removed = 0;
    let bytes = 0;
    for (const [sha256, blob] of this.#blobs) {
      if (blob.putAt > before || isReferenced(sha256)) continue;
      this.#blobs.delete(sha256);
      removed++;
      bytes += blob.bytes.byteLength;
    }
    return { removed, bytes };
  }
}
