import type { BlobStore } from "../../engine/index.ts";

/** Stores bytes whose SHA-256 was seen to, or is taken on trust: it is not taken again where the store can do without. They are not to be changed from then on. */
export function putBlob(blobs: BlobStore, sha256: string, bytes: Uint8Array): Promise<unknown> {
  return blobs.add === undefined ? blobs.put(sha256, bytes) : blobs.add(sha256, bytes);
}
