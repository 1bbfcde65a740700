import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileLimits } from "../files/prune-files.ts";
import type { StoredFiles } from "../files/stored-files.ts";
import { FolderFilePlace } from "./folder-file-place.ts";
import { GatheredFiles } from "./gathered-files.ts";

export interface FolderFilesOptions {
  readonly limits?: Partial<FileLimits>;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
  /** Several processes, perhaps of several machines, keep their files there. Default: this one alone. */
  readonly isShared?: boolean;
}

/** @param folder where they are kept; without one in a temporary folder, which is made with the first file and removed by `close` */
export function folderFiles(folder?: string, { isShared = false, ...options }: FolderFilesOptions = {}): StoredFiles {
  let temporary: Promise<string> | undefined;
  return new GatheredFiles({
    ...options, isShared,
    place: new FolderFilePlace(async () => folder ?? temporary),
    incoming: async () => join(folder ?? (await (temporary ??= mkdtemp(join(tmpdir(), "shoal-files-")))), "incoming"),
    onClose: async () => {
      if (temporary !== undefined) await rm(await temporary, { recursive: true, force: true });
    },
  });
}
