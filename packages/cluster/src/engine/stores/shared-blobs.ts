import { checkBlobBytes, sha256Of } from "../blob-bytes.ts";
import type { BlobStore } from "../blob-store.ts";

/** Where blobs lie that any number of processes share. */
export interface SharedBlobPlace extends Pick<BlobStore, "get" | "size" | "url" | "collect"> {
  /** Asked for one at a time of each blob, with bytes that are what they are called. What is there becomes as good as new for `collect`. */
  write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<"stored" | "there">;
}

/** Of several puts of one blob in this process one writes, and the others find it there; collections come one after the other. */
export function sharedBlobs(place: SharedBlobPlace): BlobStore {
  const underWay = new Map<string, Promise<unknown>>();
  let collecting: Promise<unknown> = Promise.resolve();
  const store = async (sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<"stored" | "there"> => {
    for (let other; (other = underWay.get(sha256)) !== undefined; ) await other.catch(() => {});
    const stored = place.write(sha256, bytes);
    underWay.set(sha256, stored);
    try {
      return await stored;
    } finally {
      underWay.delete(sha256);
    }
  };
  return {
    put: async (sha256, bytes) => {
      const copy = new Uint8Array(bytes);
      checkBlobBytes(sha256, await sha256Of(copy));
      return store(sha256, copy);
    },
    add: async (sha256, bytes) => void (await store(sha256, bytes as Uint8Array<ArrayBuffer>)),
    get: (sha256, range) => place.get(sha256, range),
    size: (sha256) => place.size(sha256),
    ...(place.url !== undefined && { url: place.url.bind(place) }),
    collect: (isReferenced, graceMs) => {
      const collected = collecting.catch(() => {}).then(() => place.collect(isReferenced, graceMs));
      collecting = collected;
      return collected;
    },
  };
}
