import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
}

const ownerFile = "owner.json";

/** Those that this process is writing now, each with its sign of life; a directory of ours that is not among them was left over. */
const claimed = new Map<string, ReturnType<typeof setInterval>>();

/** The owner's file is touched this often, for those who can't ask the owner's machine. Clocks may differ by minutes. */
const signOfLifeMs = 30_000;
const deadAfterMs = 300_000;

/** The hidden directory beside an output in which it is written. */
export function unfinishedPath(target: string): string {
  return join(dirname(target), `.${basename(target)}.shoal-unfinished`);
}

/**
 * Makes the directory for an unfinished output ours: it appears with its owner's name in it, in one step, so of two runs one gets it.
 * @throws `output-busy` while another run writes there; `output-unfinished` when one has left it, unless `overwrite`.
 */
export async function claimUnfinished(target: string, location: string, mode: "error" | "overwrite"): Promise<string> {
  const path = unfinishedPath(target);
  const candidate = `${path}-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await mkdir(candidate);
  try {
    await writeFile(join(candidate, ownerFile), JSON.stringify({ pid: process.pid, host: hostname(), startedAt: new Date().toISOString() } satisfies Owner));
    if (!(await renameUnlessThere(candidate, path))) {
      await removeLeftOver(path, target, location, mode);
      if (!(await renameUnlessThere(candidate, path))) throw busy(location, path);
    }
    const touch = (): void => void utimes(join(path, ownerFile), new Date(), new Date()).catch(() => {});
    const timer = setInterval(touch, signOfLifeMs);
    timer.unref();
    claimed.set(path, timer);
    return path;
  } catch (error) {
    await rm(candidate, { recursive: true, force: true });
    throw error;
  }
}

async function renameUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(String((error as { code?: unknown }).code)) && (await exists(to))) return false;
    throw error;
  }
}

async function removeLeftOver(path: string, target: string, location: string, mode: "error" | "overwrite"): Promise<void> {
  const owner = await readOwner(path);
  if (owner !== undefined && (await isAtWork(owner, path))) throw busy(location, path, owner);
  if (mode === "error") {
    throw new ShoalError("output-unfinished", `An earlier run left the output "${location}" unfinished in "${path}"${owner === undefined ? "" : ` (started ${owner.startedAt})`}.`, {
      hint: `Start anew with { mode: "overwrite" }, which removes it, or remove that directory, or choose another path.`,
      failure: "bug",
      details: { path: location, unfinished: path },
    });
  }
  const doomed = `${path}-removed-${process.pid}-${Math.random().toString(36).slice(2)}`;
  // Of two runs that overwrite, one moves it; the other finds it gone.
  await rename(path, doomed).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
  });
  // A run that died while publishing may have moved the old output aside without putting the new one in its place.
  await restoreReplaced(doomed, target);
  await rm(doomed, { recursive: true, force: true });
}

/** Is the owner still writing? */
async function isAtWork(owner: Owner, path: string): Promise<boolean> {
  if (owner.host !== hostname()) {
    const info = await stat(join(path, ownerFile)).catch(() => undefined);
    return info !== undefined && Date.now() - info.mtimeMs < deadAfterMs;
  }
  if (owner.pid === process.pid) return claimed.has(path);
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}

/** Gives the directory up. An old output that was moved into it and not replaced after all goes back to its place. */
export async function removeUnfinished(path: string, target: string): Promise<void> {
  await restoreReplaced(path, target);
  await rm(path, { recursive: true, force: true });
  clearInterval(claimed.get(path));
  claimed.delete(path);
}

async function restoreReplaced(unfinished: string, target: string): Promise<void> {
  const replaced = join(unfinished, "replaced");
  if ((await exists(replaced)) && !(await exists(target))) await rename(replaced, target);
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(path, ownerFile), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

function busy(location: string, path: string, owner?: Owner): ShoalError {
  const who = owner === undefined ? "Another run" : `Process ${owner.pid} on ${owner.host}`;
  return new ShoalError("output-busy", `${who} is writing "${location}" now.`, {
    hint: `Wait for it, or choose another path; if it is not running, remove "${path}".`,
    failure: "bug",
    details: { path: location, unfinished: path, ...owner },
  });
}
