import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FilePlace } from "../files/file-place.ts";
import type { FileLimits } from "../files/prune-files.ts";
import type { StoredFiles } from "../files/stored-files.ts";
import { GatheredFiles } from "./gathered-files.ts";

/** Files in a place that is not on this machine, which gather here first. @param scratch the folder for that; default: the system's temporary one */
export function scratchFiles(place: FilePlace, { scratch, ...options }: { readonly limits?: Partial<FileLimits>; readonly date?: () => number; readonly scratch?: string }): StoredFiles {
  let made: string | undefined;
  return new GatheredFiles({
    ...options, place, isShared: true,
    incoming: async () => {
      const folder = scratch ?? tmpdir();
      await mkdir(folder, { recursive: true });
      return (made = await mkdtemp(join(folder, "shoal-files-")));
    },
    onClose: async () => {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    },
  });
}
