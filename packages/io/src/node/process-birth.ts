import { readFile, readlink } from "node:fs/promises";
import process from "node:process";

/**
 * What tells a process from a later one of the same number: the start of the machine, the space that process numbers are counted in (a container has its own), and when it began
 * by the machine's clock. Undefined where the system does not say it; and in Deno, which would ask its user about each of these files.
 */
export interface ProcessBirth {
  readonly machine: string;
  readonly space: string;
  readonly began: string;
}

/** @param pid counted as this process counts */
export async function processBirth(pid: number): Promise<ProcessBirth | undefined> {
  if (process.platform !== "linux" || process.versions["deno"] !== undefined) return undefined;
  try {
    const [machine, space, stat] = await Promise.all([readFile("/proc/sys/kernel/random/boot_id", "utf8"), readlink("/proc/self/ns/pid"), readFile(`/proc/${pid}/stat`, "latin1")]);
    // The name, in brackets, may hold anything; the start is the 22nd field, the 20th behind it.
    const began = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return began === undefined ? undefined : { machine: machine.trim(), space, began };
  } catch {
    return undefined;
  }
}
