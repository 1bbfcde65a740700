import { ShoalError, systemClock, systemDate, systemRandom, type Clock } from "@shoal/core";
import type { BlobStore } from "../blob-store.ts";
import { engineClosed } from "../engine-errors.ts";
import type { FileLimits } from "./files/prune-files.ts";
import type { StoredFiles } from "./files/stored-files.ts";
import { openFolderStore } from "./folder/open-folder-store.ts";
import { scratchFiles } from "./folder/scratch-files.ts";
import { s3Blobs } from "./s3/s3-blobs.ts";
import { checkS3 } from "./s3/check-s3.ts";
import { S3FilePlace } from "./s3/s3-file-place.ts";
import { s3FromEnvironment, type Environment } from "./s3/s3-from-environment.ts";
import { S3Objects } from "./s3/s3-objects.ts";
import type { S3Options } from "./s3/s3-options.ts";
import { S3Requests } from "./s3/s3-requests.ts";

/** A place that several gateways share: what one of them stores, all of them have. */
export interface Store {
  /** Rows on their way, and results. */
  readonly blobs: BlobStore;
  /** Models and code. */
  readonly files: StoredFiles;
  /** For people: the folder, or `s3://bucket/prefix` and its address. Without secrets. */
  readonly where: string;
  /** Removes what this process has gathered on its own disk; what is stored stays. Who waits to store something, as for a service that is away, is told `engine-closed`. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly clock?: Clock;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
  /** Where `AWS_ACCESS_KEY_ID` and its like are found, for an `s3://` address: the environment of the process. */
  readonly environment?: Environment;
  /** What is kept of models and code that no running job needs. */
  readonly limits?: Partial<FileLimits>;
  /** A folder of this machine in which files gather before they go to S3. Default: a temporary one. */
  readonly scratch?: string;
}

/**
 * Opens the place that `where` names, and sees that it can be used: a folder, which may lie on a network file system, or `s3://bucket/prefix?endpoint=https://host&region=…`.
 * @throws `bad-option`; of a folder `permission-denied`, `disk-full`, `file-error`; of S3 `store-unreachable`, `store-refused`, `store-missing`, `store-unsuited`, `disk-full`
 */
export async function openStore(where: string, { clock = systemClock, random = systemRandom, date = systemDate, environment = {}, limits = {}, scratch }: StoreOptions = {}): Promise<Store> {
  if (where.trim() === "") throw new ShoalError("bad-option", "A store has no name.", { hint: "Name a folder that all gateways reach, or s3://bucket/prefix.", failure: "bug" });
  if (/^s3:(?!\/\/)/i.test(where)) throw new ShoalError("bad-option", `"${where}" is no address of a store.`, { hint: "Name a bucket as s3://bucket/prefix; a folder of that name as ./s3:….", failure: "bug" });
  if (!/^[a-z0-9+.-]+:\/\//i.test(where)) return openFolderStore(where, { limits, clock, date });
  const closing = new AbortController();
  const options: S3Options = { ...s3FromEnvironment(where, environment), clock, random, date, signal: closing.signal };
  const objects = new S3Objects(new S3Requests(options));
  await checkS3(objects);
  const files = scratchFiles(new S3FilePlace(objects), { limits, date, ...(scratch !== undefined && { scratch }) });
  return {
    blobs: s3Blobs(options), files, where: objects.requests.where,
    close: () => {
      closing.abort(engineClosed());
      return files.close();
    },
  };
}
