import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ShoalError } from "@shoal/core";
import { outputExists } from "../output-errors.ts";
import { refuseStrangers } from "../strangers.ts";

/**
 * Where a path leads: an output takes the place of what a symbolic link points at, not of the link.
 * @throws `unwritable-location` for a link that leads nowhere, and for what is neither a file nor a directory.
 */
export async function outputTarget(path: string, location: string): Promise<string> {
  const target = resolve(path);
  const entry = await lstat(target).catch(() => undefined);
  if (entry === undefined) return target;
  const info = await stat(target).catch(() => undefined);
  if (info === undefined) {
    throw new ShoalError("unwritable-location", `Can't write "${location}": it is a symbolic link that leads nowhere (to "${await readlink(target)}").`, {
      hint: "Remove the link, or make what it points at.",
      failure: "bug",
      details: { path: location },
    });
  }
  if (!info.isFile() && !info.isDirectory()) {
    throw new ShoalError("unwritable-location", `Can't write "${location}": it is neither a file nor a directory, and an output replaces what has its name.`, {
      hint: `Write to standard output with "-", or name a file.`,
      failure: "bug",
      details: { path: location },
    });
  }
  return entry.isSymbolicLink() ? realpath(target) : target;
}

/** @throws `not-a-directory` when the output would have to stand in a file. */
export async function checkFolder(folder: string, location: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    const info = await stat(at).catch(() => undefined);
    if (info?.isDirectory() === true || at === dirname(at)) return;
    if (info === undefined && (await lstat(at).catch(() => undefined)) === undefined) continue;
    throw new ShoalError("not-a-directory", `Can't write "${location}": "${at}" is ${info === undefined ? "a symbolic link that leads nowhere" : "a file"}, not a directory.`, {
      hint: "Choose another path.",
      failure: "bug",
      details: { path: location, file: at },
    });
  }
}

/** An empty directory is no output. @throws `output-exists` */
async function refuseExisting(target: string, location: string): Promise<void> {
  const info = await stat(target).catch(() => undefined);
  if (info === undefined || (info.isDirectory() && (await readdir(target)).length === 0)) return;
  throw outputExists(location, info.mtime);
}

/** What may take the place of what is there. @throws `output-exists`, `output-not-ours` */
export async function checkReplaceable(target: string, location: string, mode: "error" | "overwrite"): Promise<void> {
  if (mode === "error") return refuseExisting(target, location);
  const info = await stat(target).catch(() => undefined);
  if (info?.isDirectory() === true) refuseStrangers(await readdir(target), location);
}
