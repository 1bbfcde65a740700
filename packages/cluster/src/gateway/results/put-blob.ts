import type { BlobStore } from "../../engine/index.ts";

/**
 * Stores bytes under what they are called: their SHA-256, which was seen to or is taken on trust, and is not taken again where the store can do without; or a name that no others have, which only stores with
 * `release` take. They are not to be changed from then on.
 */
export function putBlob(blobs: BlobStore, name: string, bytes: Uint8Array): Promise<unknown> {
  return blobs.add === undefined ? blobs.put(name, bytes) : blobs.add(name, bytes);
}
