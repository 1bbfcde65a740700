import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { deadAfterMs, isAlive, isAtWork, isPrepared, readOwner } from "./unfinished-output.ts";

/**
 * Removes what is left of runs of an output that were killed in the moment in which they claimed its unfinished directory, or removed it:
 * directories beside that one, named after it and their process. Both take an instant, so what is older is left over whoever made it.
 * @param path the unfinished directory
 */
export async function sweepLeftOvers(path: string): Promise<void> {
  const prefix = `${basename(path)}-`;
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const [, removed, pid] = name.startsWith(prefix) ? (/^(removed-)?(\d+)-[a-z0-9]+$/.exec(name.slice(prefix.length)) ?? []) : [];
    if (pid === undefined) continue;
    const at = join(dirname(path), name);
    if (!isPrepared(at) && (await isLeftOver(at, Number(pid), removed !== undefined))) await rm(at, { recursive: true, force: true }).catch(() => {});
  }
}

async function isLeftOver(path: string, pid: number, isDoomed: boolean): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return false;
  if (Date.now() - info.mtimeMs > deadAfterMs) return true;
  // Another thread of this process may be at it.
  if (pid === process.pid) return false;
  if (isDoomed) return !isAlive(pid);
  // Before it has an owner's file, only its age tells: the number may be of another machine.
  const owner = await readOwner(path);
  return owner !== undefined && !(await isAtWork(owner, path));
}
