import { open } from "node:fs/promises";

/** After this, names given and taken in the folder are on the disk, where the system can say so: a rename is there only when its folder is. @throws what the disk says */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some systems can't sync folders; a full disk, or one that fails, must not look like one of them.
    if (["EIO", "ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
