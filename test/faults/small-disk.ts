// Disks that are really full, where this user may mount: not in every container, even as root.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface SmallDisk {
  readonly folder: string;
  /** Gives it another size, as in `8m`. */
  resize(size: string): void;
}

/** Whether there can be one here; where not, that is said once. */
export function canMountDisks(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "shoal-mount-"));
  try {
    mount(folder, "64k");
    execFileSync("umount", [folder]);
    return true;
  } catch {
    console.warn("Nothing can be mounted here: a disk that is really full is left out.");
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A disk of a size, as in `200k`, in a folder (made if need be); gone when the test is over. @param folder default: one of its own */
export function smallDisk(size: string, folder = mkdtempSync(join(tmpdir(), "shoal-full-"))): SmallDisk {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mount(folder, size);
  onTestFinished(() => {
    // Also where somebody has a file open in it.
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, resize: (to) => void execFileSync("mount", ["-o", `remount,size=${to}`, folder]) };
}

function mount(folder: string, size: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", folder], { stdio: ["ignore", "ignore", "pipe"] });
}
