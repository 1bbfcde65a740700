import { ShoalError } from "@shoal/core";
import { blobDamaged, blobMissing, sha256Of } from "../../blob-bytes.ts";
import type { BlobStore, ByteRange } from "../../blob-store.ts";
import { enginePaused } from "../../engine-errors.ts";
import { isSha256 } from "../files/file-place.ts";
import { sharedBlobs, type SharedBlobPlace } from "../shared-blobs.ts";
import { S3Collector } from "./s3-collector.ts";
import { S3Objects, sourceOf } from "./s3-objects.ts";
import type { S3Options } from "./s3-options.ts";
import { S3Requests } from "./s3-requests.ts";

const begin = "blobs/";
const mostSeconds = 7 * 24 * 3600;
const mostDamaged = 10_000;

/**
 * Blobs in a bucket of an S3-compatible service, under `<prefix>/blobs/<sha256>`; any number of processes at once.
 *
 * Where something is stored that is there already, it is written once more: that renews its age for `collect`, and makes bytes good that had changed or that somebody wrote by a
 * presigned URL under a name that is not theirs. A service that is away makes `engine-paused` of every call.
 */
export function s3Blobs(options: S3Options): BlobStore {
  return sharedBlobs(new S3BlobPlace(new S3Objects(new S3Requests(options))));
}

class S3BlobPlace implements SharedBlobPlace {
  readonly #objects: S3Objects;
  readonly #collector: S3Collector;
  /** Read here, and not what they are called: nobody is given them, until they are stored again. */
  readonly #damaged = new Set<string>();

  constructor(objects: S3Objects) {
    this.#objects = objects;
    this.#collector = new S3Collector(objects, begin);
  }

  write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<"stored" | "there"> {
    return paused(() => this.#write(sha256, bytes));
  }

  async get(sha256: string, range?: ByteRange): Promise<Uint8Array> {
    const answer = this.#isKnown(sha256) ? await paused(() => this.#objects.read(begin + sha256)) : undefined;
    if (answer === undefined) throw blobMissing(sha256);
    const actual = await sha256Of(answer.bytes);
    if (actual !== sha256) {
      if (this.#damaged.size >= mostDamaged) this.#damaged.clear();
      this.#damaged.add(sha256);
      throw blobDamaged(sha256, actual);
    }
    return range === undefined ? answer.bytes : answer.bytes.slice(range.start, range.start + range.length);
  }

  async size(sha256: string): Promise<number | undefined> {
    return this.#isKnown(sha256) ? (await paused(() => this.#objects.look(begin + sha256)))?.bytes : undefined;
  }

  async url(sha256: string, method: "get" | "put", ttlMs: number): Promise<string | undefined> {
    if (!isSha256(sha256)) return undefined;
    return this.#objects.requests.presigned(method === "get" ? "GET" : "PUT", begin + sha256, Math.min(mostSeconds, Math.max(1, Math.ceil(ttlMs / 1000))));
  }

  collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    return paused(async () => {
      const total = await this.#collector.collect(isReferenced, graceMs);
      await this.#objects.dropAbandoned(begin);
      return total;
    });
  }

  #isKnown(sha256: string): boolean {
    return isSha256(sha256) && !this.#damaged.has(sha256);
  }

  async #write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<"stored" | "there"> {
    for (;;) {
      const isNew = await this.#objects.write(begin + sha256, sourceOf(bytes), true);
      if (!isNew) {
        await this.#objects.write(begin + sha256, sourceOf(bytes), false);
        if (await this.#collector.isLeaving(sha256)) continue;
      }
      const wasDamaged = this.#damaged.delete(sha256);
      return isNew || wasDamaged ? "stored" : "there";
    }
  }
}

/** A service that is away for a while is an engine that pauses: whoever stores waits, and goes on. */
async function paused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ShoalError.is(error, "store-unreachable") ? enginePaused(error) : error;
  }
}
