import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";

/** Gives back what a start that failed has left in its folder; `error` is what it failed with. */
export type TakeBack = (error: unknown) => Promise<void>;

/**
 * Makes a coordinator's folder before its start, in one step, so that of several processes one has made it. What was there before is not taken back; nor is what another process has
 * taken since: there its own run may be kept.
 */
export async function newFolder(folder: string): Promise<TakeBack> {
  await mkdir(dirname(folder), { recursive: true }).catch(() => {});
  // What is in the way of the folder, the start itself says.
  const isNew = await mkdir(folder).then(() => true, () => false);
  return async (error) => {
    if (isNew && !ShoalError.is(error, "engine-folder-busy")) await removeUnlessTaken(folder);
  };
}

/** It goes while the lock is held: under another name nobody finds it, and whoever comes then begins anew. */
async function removeUnlessTaken(folder: string): Promise<void> {
  const { holdFolder } = await import("@shoal/cluster/embedded");
  const held = await holdFolder(folder).catch(() => undefined);
  if (held === undefined) return;
  const doomed = `${folder}-removed-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await rename(folder, doomed);
  } catch {
    // It was removed by hand, or can't be: an empty one is in nobody's way.
    return held.release();
  }
  await rm(doomed, { recursive: true, force: true });
}
