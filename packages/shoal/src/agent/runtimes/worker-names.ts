import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { TakenName } from "../agent-runtime.ts";

/** More agents on one machine get names that are not kept. */
const mostKept = 256;

/**
 * A name that no other agent of this user has now, and that an agent which ended had before. Each name has a number: `0` holds it, and
 * `0.lock` says which process has it.
 */
export async function takeWorkerName(folder: string, given: string | undefined): Promise<TakenName> {
  if (given !== undefined) return { name: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  try {
    await mkdir(folder, { recursive: true });
    for (let number = 0; number < mostKept; number++) {
      const lock = join(folder, `${number}.lock`);
      if (!(await take(lock))) continue;
      const name = await nameIn(join(folder, String(number)));
      return { name, [Symbol.asyncDispose]: () => rm(lock, { force: true }) };
    }
  } catch {
    // A home that is read-only is no reason not to work: the coordinator then takes it for a new worker each time.
  }
  return { name: randomUUID(), [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function nameIn(path: string): Promise<string> {
  const kept = await readFile(path, "utf8").catch(() => "");
  if (/^[\w-]{16,64}$/.test(kept)) return kept;
  const name = randomUUID();
  await writeFile(path, name);
  return name;
}

async function take(lock: string): Promise<boolean> {
  if (await create(lock)) return true;
  const [host, pid] = (await readFile(lock, "utf8").catch(() => "")).split("\n");
  // One that was just made may be empty still; of another machine nobody knows whether it lives.
  if (pid === undefined || host !== hostname() || isAlive(Number(pid))) return false;
  const aside = `${lock}.${randomUUID()}`;
  // Of several that see it dead, one can move it away.
  if (!(await rename(lock, aside).then(() => true, () => false))) return false;
  await rm(aside, { force: true });
  return create(lock);
}

async function create(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${hostname()}\n${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
