import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { outputUnfinished } from "../output-errors.ts";
import { processBirth, type ProcessBirth } from "./process-birth.ts";
import { lettersBeside, lettersName, unfinishedName, type LettersFate } from "../output-names.ts";

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
  /** Where the system says it. */
  readonly birth?: ProcessBirth;
  /** Tells one claim from any other, of the same process too. */
  readonly claim?: string;
  /** It has left the output unfinished, and lives on. */
  readonly left?: boolean;
}

const ownerFile = "owner.json";

/** Where the old output waits, in the unfinished directory, until the new one has its name. */
export const replacedName = "replaced";

/** Where a run keeps its ledger, in the unfinished directory. */
const ledgerFolder = "ledger";
const publishingFile = "publishing.json";

/** An unfinished directory that is ours, as long as its owner's file says so. */
export interface Claim {
  readonly path: string;
  readonly claim: string;
}

/** Those that this process is writing now, each with its claim and its sign of life; a directory of ours that is not among them was left over. */
const claimed = new Map<string, { readonly claim: string; readonly timer: ReturnType<typeof setInterval> }>();

/** Those that this process is about to take over from a dead one. */
const taking = new Set<string>();

/** Directories of ours that are about to become unfinished ones. */
const preparing = new Set<string>();

export function isPrepared(path: string): boolean {
  return preparing.has(path);
}

/** The owner's file is touched this often, for those who can't ask the owner's machine. Clocks may differ by minutes. */
const signOfLifeMs = 30_000;
export const deadAfterMs = 300_000;

/** The hidden directory beside an output in which it is written. */
function unfinishedPath(target: string): string {
  return join(dirname(target), unfinishedName(basename(target)));
}

/**
 * Makes the directory for an unfinished output ours: it appears with its owner's name in it, in one step, so of two runs one gets it.
 * What an earlier run has left is refused, removed (`overwrite`) or taken over (`resume`): then the ledger in it stays, and nothing else.
 * @throws `output-busy` while another run writes there; `output-unfinished` when one has left it, with mode `error`
 */
export async function claimUnfinished(target: string, location: string, mode: "error" | "overwrite" | "resume"): Promise<Claim> {
  const path = unfinishedPath(target);
  const claim = Math.random().toString(36).slice(2);
  const candidate = `${path}-${process.pid}-${claim}`;
  preparing.add(candidate);
  try {
    await mkdir(candidate);
    const birth = await processBirth(process.pid);
    await writeFile(join(candidate, ownerFile), JSON.stringify({ pid: process.pid, host: hostname(), startedAt: new Date().toISOString(), claim, ...(birth !== undefined && { birth }) } satisfies Owner));
    if (!(await renameUnlessThere(candidate, path))) {
      if (mode === "resume") {
        // Within a process, whose name does not tell one run from another.
        if (taking.has(path)) throw busy(location, path);
        taking.add(path);
        await takeOver(path, location, join(candidate, ownerFile)).catch((error: unknown) => {
          taking.delete(path);
          throw error;
        });
        await rm(candidate, { recursive: true, force: true });
      } else {
        await removeLeftOver(path, location, mode);
        if (!(await renameUnlessThere(candidate, path))) throw busy(location, path);
      }
    }
    const touch = (): void => void utimes(join(path, ownerFile), new Date(), new Date()).catch(() => {});
    const timer = setInterval(touch, signOfLifeMs);
    timer.unref();
    clearInterval(claimed.get(path)?.timer);
    claimed.set(path, { claim, timer });
    taking.delete(path);
    return { path, claim };
  } catch (error) {
    await rm(candidate, { recursive: true, force: true });
    throw error;
  } finally {
    preparing.delete(candidate);
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

async function removeLeftOver(path: string, location: string, mode: "error" | "overwrite"): Promise<void> {
  const owner = await readOwner(path);
  if (owner !== undefined && (await isAtWork(owner, path))) throw busy(location, path, owner);
  if (mode === "error") throw outputUnfinished(location, path, owner?.startedAt);
  await removeAtOnce(path);
}

/** Puts our name in the place of the owner's, who is dead, and clears away what that one had written. Of several runs, one succeeds. */
async function takeOver(path: string, location: string, ours: string): Promise<void> {
  const owner = await readOwner(path);
  if (owner !== undefined && (await isAtWork(owner, path))) throw busy(location, path, owner);
  const file = join(path, ownerFile);
  const aside = join(path, `${ownerFile}-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await moveIfThere(file, aside);
  const moved = await readJson<Owner>(aside);
  if (moved !== undefined && JSON.stringify(moved) !== JSON.stringify(owner)) {
    // Somebody took it over since we looked: it stays theirs.
    await moveUnlessThere(aside, file);
    throw busy(location, path, moved);
  }
  if (!(await moveUnlessThere(ours, file))) throw busy(location, path, await readOwner(path));
  await clear(path);
}

/** Gives a file a name that nobody has, in one step. */
async function moveUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === "EEXIST" || code === "ENOENT") return false;
    // There are file systems without links.
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
  await rm(from, { force: true });
  return true;
}

/** Only what an output can't be made again from goes on lying there. */
async function clear(path: string): Promise<void> {
  const kept = [ownerFile, ledgerFolder, replacedName];
  for (const name of await readdir(path)) if (!kept.includes(name)) await rm(join(path, name), { recursive: true, force: true });
}

/** Whether the directory is there and has had no other owner since. */
export async function isOurs({ path, claim }: Claim): Promise<boolean> {
  return (await readOwner(path))?.claim === claim;
}

/** It was removed while we wrote, and somebody else has one of that name by now. */
async function isAnothers({ path, claim }: Claim): Promise<boolean> {
  const owner = await readOwner(path);
  return owner !== undefined && owner.claim !== claim;
}

/** Leaves the directory to a run that goes on. An old output that was moved into it goes back to its place. */
export async function leaveUnfinished(claim: Claim, target: string): Promise<void> {
  const { path } = claim;
  try {
    if (await isAnothers(claim)) return;
    if (await settle(path, target)) return await removeAtOnce(path);
    await clear(path);
    const owner = await readOwner(path);
    if (owner !== undefined) await writeFile(join(path, ownerFile), JSON.stringify({ ...owner, left: true } satisfies Owner));
  } finally {
    release(claim);
  }
}

/** Else this process would find its own place busy as long as it lives. */
function release({ path, claim }: Claim): void {
  const held = claimed.get(path);
  if (held?.claim !== claim) return;
  clearInterval(held.timer);
  claimed.delete(path);
}

/** Of several runs, one moves it; the others find it gone. What is half removed must not be taken for an output. */
async function removeAtOnce(path: string): Promise<void> {
  const doomed = `${path}-removed-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await moveIfThere(path, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Is the owner still writing? */
export async function isAtWork(owner: Owner, path: string): Promise<boolean> {
  if (owner.left === true) return false;
  if (owner.host !== hostname()) return givesSigns(path);
  const { birth } = owner;
  const ours = birth && (await processBirth(process.pid));
  if (birth !== undefined && ours !== undefined) {
    if (birth.machine !== ours.machine) return false;
    // Containers may share a host's name, and count their processes each for itself.
    if (birth.space !== ours.space) return givesSigns(path);
  }
  if (owner.pid === process.pid && (birth === undefined || ours === undefined || birth.began === ours.began)) return claimed.has(path);
  if (!isAlive(owner.pid)) return false;
  const now = birth && (await processBirth(owner.pid));
  // The number was given to another process since.
  return birth === undefined || now === undefined || birth.began === now.began;
}

/** Of an owner whose process can't be asked for. */
async function givesSigns(path: string): Promise<boolean> {
  const info = await stat(join(path, ownerFile)).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs < deadAfterMs;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}

/** What is published, for whoever finds that a crash interrupted it. */
export interface Publishing {
  /** What gets the output's name, within the unfinished directory. */
  readonly data: string;
  /** What then becomes of a single file's dead letters. */
  readonly letters: LettersFate;
}

/** Says that files now get their names, before the first one does. */
export async function beginPublishing(path: string, publishing: Publishing): Promise<void> {
  await writeFile(join(path, publishingFile), JSON.stringify(publishing), { flush: true });
}

/**
 * Of a run that died while it published: puts back the old output where the new one has not taken its place, or gives the new file its dead
 * letters. Before that nothing may be removed: the only copy can be in there.
 */
export async function settleLeftOver(target: string): Promise<void> {
  const path = unfinishedPath(target);
  const owner = await readOwner(path);
  if (owner !== undefined && (await isAtWork(owner, path))) return;
  if (await settle(path, target)) await removeAtOnce(path);
}

/** Whether the new output is published, to the last step. */
async function settle(path: string, target: string): Promise<boolean> {
  if (!(await exists(target))) await moveIfThere(join(path, replacedName), target);
  const publishing = await readJson<Publishing>(join(path, publishingFile));
  if (publishing === undefined || (await exists(join(path, publishing.data))) || !(await exists(target))) return false;
  await publishLetters(path, target, publishing);
  return true;
}

/** The last step of publishing a single file. */
export async function publishLetters(path: string, target: string, { letters }: Publishing): Promise<void> {
  if (letters === "replace") await moveIfThere(join(path, lettersName), lettersBeside(target));
  if (letters === "remove") await rm(lettersBeside(target), { force: true });
}

/** Gives the directory up. An old output that was moved into it and not replaced after all goes back to its place. */
export async function removeUnfinished(claim: Claim, target: string): Promise<void> {
  const { path } = claim;
  try {
    if (await isAnothers(claim)) return;
    await settle(path, target);
    await removeAtOnce(path);
  } finally {
    release(claim);
  }
}

export async function readOwner(path: string): Promise<Owner | undefined> {
  return readJson<Owner>(join(path, ownerFile));
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}

/** A rename that finds nothing is none. */
export async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
  });
}

function busy(location: string, path: string, owner?: Owner): ShoalError {
  const who = owner === undefined ? "Another run" : `Process ${owner.pid} on ${owner.host}`;
  return new ShoalError("output-busy", `${who} is writing "${location}" now.`, {
    hint: `Wait for it, or choose another path. If that is no run any more, remove "${join(path, ownerFile)}", and only that: what is done lies beside it, and --resume (resume: true) goes on with it.`,
    failure: "bug",
    details: { path: location, unfinished: path, ...owner },
  });
}
