import { createHash, randomUUID } from "node:crypto";
import { createReadStream, readFile as readFileWithCallback } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile, type FileHandle } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { HubFiles, HubOptions, HubSettings, PartialFile } from "./hub-files.ts";

/** A holder says every second that it lives; a lock this old is nobody's. */
const staleMs = 10_000;

/** Settings from the variables that Hugging Face's libraries read. */
export function hubSettings(options: HubOptions = {}): HubSettings {
  const { env } = process;
  const home = env["HF_HOME"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "huggingface");
  return {
    endpoint: (options.endpoint ?? env["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/+$/, ""),
    token: options.token ?? (env["HF_TOKEN"] || undefined),
    cacheDirectory: options.cacheDirectory ?? env["HF_HUB_CACHE"] ?? join(home, "hub"),
    offline: options.offline ?? /^(1|true|yes|on)$/i.test(env["HF_HUB_OFFLINE"] ?? ""),
  };
}

/** That of fs/promises takes twice the time, which shows where thousands of images are read. */
const readWhole = promisify(readFileWithCallback);

/** Node's, Bun's and Deno's file system. */
export const nodeHubFiles: HubFiles = {
  join: (...parts) => join(...parts),
  fromFileUrl: (url) => fileURLToPath(url),
  isFile: async (path) => (await status(path))?.isFile() === true,
  isDirectory: async (path) => (await status(path))?.isDirectory() === true,
  read: async (path, mostBytes = Infinity) => {
    if (mostBytes < Infinity && ((await status(path))?.size ?? 0) > mostBytes) return undefined;
    return readWhole(path).catch(absent);
  },
  writeText: async (path, text) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  },
  remove: (path) => rm(path, { force: true }),
  openPartial,
  rename: (from, to) => rename(from, to),
  lock,
};

function status(path: string) {
  return stat(path).catch(absent);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

async function openPartial(path: string): Promise<PartialFile> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a");
  let { size } = await file.stat();
  return {
    get size() {
      return size;
    },
    async write(bytes) {
      await writeAll(file, bytes);
      size += bytes.length;
    },
    async clear() {
      await file.truncate(0);
      size = 0;
    },
    async sha256() {
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
      return hash.digest("hex");
    },
    async [Symbol.asyncDispose]() {
      await file.sync();
      await file.close();
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

async function lock(path: string, signal: AbortSignal): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() });
  while (!(await create(path, mine))) {
    if (await isStale(path)) await takeAway(path);
    else await sleep(50, undefined, { signal });
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), 1000);
  beat.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      if ((await readFile(path, "utf8").catch(() => undefined)) === mine) await rm(path, { force: true });
    },
  };
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  const [found, text] = await Promise.all([status(path), readFile(path, "utf8").catch(() => "")]);
  if (found === undefined) return false;
  if (Date.now() - found.mtimeMs > staleMs) return true;
  const holder = /"host":(".*?"),"pid":(\d+)/.exec(text);
  return holder !== null && JSON.parse(holder[1] as string) === hostname() && !isAlive(Number(holder[2]));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Only one of several that found it stale can rename it; should it be a new one by then, the worst is a file downloaded twice. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(absent);
  await rm(aside, { force: true });
}
