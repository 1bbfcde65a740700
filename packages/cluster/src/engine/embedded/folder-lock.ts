import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ShoalError } from "@shoal/core";
import { systemCode, type Disk } from "./disk.ts";

/** Who has a folder. A process id alone is soon somebody else's: the machine's start and the process's tell them apart, where the system says. */
export interface FolderOwner {
  readonly pid: number;
  readonly host: string;
  readonly boot?: string;
  readonly started?: string;
  readonly since: string;
}

/** The folder is ours, until `release` or until somebody takes it over. */
export interface FolderLock {
  /** Asked after every sync: what was on the disk while the lock still lay there is seen by whoever takes the folder over. */
  isOurs(): boolean;
  release(): Promise<void>;
}

const lockName = /^lock-(\d{8})\.json$/;
const anyLockName = /^lock-(\d{8})\.(?:json|released)$/;

/**
 * Takes a folder that was released, or whose owner is dead: its lock gets a successor with the next number, which only one process can make, and only then goes. A number never
 * comes again: somebody who was stopped for long would take another's lock for his own.
 * A process that is stopped still owns its folder.
 * @param date the day and time, in milliseconds since 1970: since when it is ours, for people
 * @param takeOver whether the owner is known to be gone though this machine can't tell: one on another machine
 * @param inDoubt whether an owner of whom this machine can't tell is taken to be at work
 * @throws `engine-folder-busy`
 */
export async function lockFolder(folder: string, disk: Disk, date: () => number, { takeOver = false, inDoubt = true }: { readonly takeOver?: boolean; readonly inDoubt?: boolean } = {}): Promise<FolderLock> {
  const last = await lastLock(folder, disk);
  if (last !== undefined && !last.isReleased && !takeOver && isAtWork(last.owner, inDoubt)) throw busy(folder, last);
  const number = (last?.number ?? 0) + 1;
  const path = lockPath(folder, number);
  const candidate = join(folder, `lock-${randomUUID()}.new`);
  try {
    await writeOwner(candidate, disk, date());
    if (!(await linkedUnlessCleared(candidate, path, disk))) throw busy(folder, await lastLock(folder, disk));
  } finally {
    await disk.remove(candidate);
  }
  // Somebody may have taken the folder, and let it go, since we looked.
  const now = await lastLock(folder, disk);
  if (now?.number !== number) {
    await disk.remove(path);
    throw busy(folder, now);
  }
  for (const name of await disk.list(folder)) if (Number(anyLockName.exec(name)?.[1] ?? number) < number) await disk.remove(join(folder, name));
  return { isOurs: () => disk.exists(path), release: async () => void (await linkedUnlessCleared(path, releasedPath(path), disk)) };
}

async function writeOwner(path: string, disk: Disk, now: number): Promise<void> {
  const file = await disk.create(path);
  try {
    await file.write(Buffer.from(JSON.stringify(thisProcess(now))), 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** False, too, where somebody who has the folder by now has cleared away what lay there. */
async function linkedUnlessCleared(candidate: string, path: string, disk: Disk): Promise<boolean> {
  try {
    return await disk.link(candidate, path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

interface Lock {
  readonly number: number;
  readonly path: string;
  /** Undefined when it can't be read. */
  readonly owner: FolderOwner | undefined;
  readonly isReleased: boolean;
}

async function lastLock(folder: string, disk: Disk): Promise<Lock | undefined> {
  const numbers = (await disk.list(folder)).flatMap((name) => lockName.exec(name)?.slice(1).map(Number) ?? []);
  const number = Math.max(...numbers);
  if (numbers.length === 0) return undefined;
  const path = lockPath(folder, number);
  const isReleased = disk.exists(releasedPath(path));
  try {
    return { number, path, isReleased, owner: JSON.parse(await disk.readText(path)) as FolderOwner };
  } catch {
    return { number, path, isReleased, owner: undefined };
  }
}

function releasedPath(path: string): string {
  return path.replace(/\.json$/, ".released");
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock-${String(number).padStart(8, "0")}.json`);
}

function isAtWork(owner: FolderOwner | undefined, inDoubt: boolean): boolean {
  if (owner === undefined || owner.host !== hostname()) return inDoubt;
  const here = bootId();
  if (owner.boot !== undefined && here !== undefined && owner.boot !== here) return false;
  const started = startOf(owner.pid);
  if (started !== undefined && owner.started !== undefined) return started === owner.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ESRCH";
  }
}

function thisProcess(now: number): FolderOwner {
  const boot = bootId();
  const started = startOf(process.pid);
  return { pid: process.pid, host: hostname(), ...(boot === undefined ? {} : { boot }), ...(started === undefined ? {} : { started }), since: new Date(now).toISOString() };
}

/** Another one after each start of the machine. */
function bootId(): string | undefined {
  return readText("/proc/sys/kernel/random/boot_id");
}

/** When a process was started, in ticks since the machine was. `dead` once it is, though its parent may not have looked. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? undefined : fields[0] === "Z" || fields[0] === "X" ? "dead" : fields[19];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function busy(folder: string, lock: Lock | undefined): ShoalError {
  const owner = lock?.owner;
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}, since ${owner.since}`;
  return new ShoalError("engine-folder-busy", `The folder "${folder}" belongs to ${who}.`, {
    hint: `Stop that process, or choose another folder. If it is gone for certain, as its machine is, remove "${lock?.path ?? folder}".`,
    failure: "bug",
    details: { folder, ...owner },
  });
}

/** The folder was taken from us: what was not yet confirmed is up to its new owner. */
export function folderTaken(folder: string): ShoalError {
  return new ShoalError("engine-folder-taken", `The folder "${folder}" was taken over by another process.`, { hint: "End this process: the other one goes on.", failure: "bug", details: { folder } });
}
