import { systemCode, type Disk } from "../../embedded/disk.ts";

/** How a file is called that may be about to go. The name of the file stands before it. */
const mark = ".leaving-";

/**
 * Removes a file that others may renew or replace at this very moment: it gets another name first, under which nobody changes it, and then it is looked at. It comes back if it
 * is to stay.
 * @param mayGo looks at it under its other name
 * @returns whether it is gone
 */
export async function removeUnless(disk: Disk, path: string, mayGo: (aside: string) => Promise<boolean>): Promise<boolean> {
  const aside = `${path}${mark}${crypto.randomUUID()}`;
  try {
    await disk.rename(path, aside);
  } catch (error) {
    // Another one was first.
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
  return settleAside(disk, path, aside, mayGo);
}

/** The second half, also of what a process began that died: the file goes, or is back under its name. */
export async function settleAside(disk: Disk, path: string, aside: string, mayGo: (aside: string) => Promise<boolean>): Promise<boolean> {
  let goes = false;
  try {
    goes = await mayGo(aside);
    return goes;
  } finally {
    if (!goes) await bringBack(disk, path, aside);
    await disk.remove(aside);
  }
}

/** Under which name a file lies that was set aside; undefined for a name that is none of those. */
export function nameBefore(name: string): string | undefined {
  const at = name.indexOf(mark);
  return at < 0 ? undefined : name.slice(0, at);
}

async function bringBack(disk: Disk, path: string, aside: string): Promise<void> {
  try {
    // Where there is another by now, that one counts.
    await disk.link(aside, path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    // File systems without second names.
    if (!disk.exists(path)) await disk.rename(aside, path);
  }
}
