import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedFolderBlobs } from "@shoal/cluster/stores";
import type { BlobStoreFixture } from "@shoal/testing/blob-store-suite";
import { startBlobProcess } from "./blob-process.ts";
import { changeByte } from "./start-s3-server.ts";

/** A folder of its own, shared by this process and another one. */
export async function sharedFolderFixture(): Promise<BlobStoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-shared-"));
  const other = startBlobProcess(folder);
  return {
    blobs: sharedFolderBlobs(folder),
    other: other.blobs,
    reopen: async () => sharedFolderBlobs(folder),
    damageBlob: (sha256) => changeByte(join(folder, sha256.slice(0, 2), sha256)),
    [Symbol.asyncDispose]: async () => {
      await other[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
