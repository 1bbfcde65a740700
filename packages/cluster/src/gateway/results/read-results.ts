import { blobDamaged, sha256Of } from "../../engine/blob-bytes.ts";
import type { BlobStore } from "../../engine/index.ts";
import type { CommittedResult } from "./commit-record.ts";

/** Of those that hold several results: blocks that were done together are asked for together. */
const mostKept = 8;

/** Reads the rows of results, wherever they lie. */
export class ReadResults {
  readonly #blobs: BlobStore;
  /** The ones that were read last, the latest at the end. */
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** @throws as `BlobStore.get` */
  async read({ sha256, within }: Pick<CommittedResult, "sha256" | "within">): Promise<Uint8Array> {
    if (within === undefined) return this.#blobs.get(sha256);
    const bytes = (await this.#several(within.blob)).slice(within.start, within.start + within.bytes);
    const actual = await sha256Of(bytes as Uint8Array<ArrayBuffer>);
    // Its blob is what it is called: the record speaks of another place.
    if (actual !== sha256) throw blobDamaged(sha256, actual);
    return bytes;
  }

  #several(blob: string): Promise<Uint8Array> {
    const known = this.#kept.get(blob);
    const reading = known ?? this.#blobs.get(blob);
    this.#kept.delete(blob);
    this.#kept.set(blob, reading);
    // What could not be read is asked for again.
    if (known === undefined) reading.catch(() => this.#kept.get(blob) === reading && this.#kept.delete(blob));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return reading;
  }
}
