import { systemDate } from "@shoal/core";
import { localDisk } from "./disk.ts";
import { diskError } from "./disk-error.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";

/**
 * Keeps a folder, which is made if need be, from other processes of this machine until it is released: one in which no engine lies, so that nothing is lost where a process of another
 * machine, of which nothing is known here, still has it.
 * @throws `engine-folder-busy` while another process of this machine has it; `disk-full`, `permission-denied`, `file-error`
 */
export async function holdFolder(folder: string): Promise<Pick<FolderLock, "release">> {
  try {
    await localDisk.makeFolder(folder);
    return await lockFolder(folder, localDisk, systemDate, { inDoubt: false });
  } catch (error) {
    throw diskError(error, "hold the folder", folder);
  }
}
