import { join, resolve } from "node:path";
import { diskError } from "../../embedded/disk-error.ts";
import { localDisk } from "../../embedded/disk.ts";
import type { Store } from "../open-store.ts";
import { folderFiles, type FolderFilesOptions } from "./folder-files.ts";
import { FolderTime, type TimeHere } from "./folder-time.ts";
import { sharedFolderBlobs } from "./shared-folder-blobs.ts";

/** A folder, made if need be, that any number of processes share. @throws `permission-denied`, `disk-full`, `file-error` */
export async function openFolderStore(given: string, { clock, date, limits }: TimeHere & Pick<FolderFilesOptions, "limits">): Promise<Store> {
  const folder = resolve(given);
  try {
    const incoming = join(folder, "blobs", "incoming");
    await localDisk.makeFolder(incoming);
    // Writes a file there, and removes it.
    await new FolderTime(incoming, localDisk, { clock, date }).now();
  } catch (error) {
    throw diskError(error, "keep a store", folder);
  }
  const files = folderFiles(join(folder, "files"), { date, isShared: true, ...(limits !== undefined && { limits }) });
  return { blobs: sharedFolderBlobs(join(folder, "blobs"), { clock, date }), files, where: folder, close: () => files.close() };
}
