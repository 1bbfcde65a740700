import { existsSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, utimes, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** What the engine asks of a file system; errors carry the system's codes (`ENOSPC`). Tests put one in between that fails. */
export interface Disk {
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, sorted; none when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  /** After this, names given and taken in the folder are durable, where the system can say so. */
  syncFolder(path: string): Promise<void>;
  create(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** Gives a file a second name. False when the name is taken. */
  link(from: string, to: string): Promise<boolean>;
  /** What is not there is removed. */
  remove(path: string): Promise<void>;
  readText(path: string): Promise<string>;
  /** Parts of a file, in order, up to `end`. A part may be overwritten by the next one. */
  read(path: string, start?: number, end?: number): AsyncIterable<Uint8Array>;
  stat(path: string): Promise<{ readonly bytes: number; readonly changedMs: number } | undefined>;
  /** @param at milliseconds since 1970 */
  touch(path: string, at: number): Promise<void>;
  exists(path: string): boolean;
}

/** A file that is written. */
export interface DiskFile {
  /** All of them, or it rejects. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** What was written is on the disk. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

const partBytes = 1 << 20;
/** Of a file that grows. */
const leastPartBytes = 1 << 12;

/** The file system of Node, Bun and Deno. */
export const localDisk: Disk = {
  makeFolder,
  list: async (folder) => (await readdir(folder).catch(unlessMissing(() => [] as string[]))).sort(),
  syncFolder: async (path) => {
    try {
      const handle = await open(path, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      // Some systems can't sync folders; a full disk must not look like one of them.
      if (["EIO", "ENOSPC", "EDQUOT"].includes(systemCode(error))) throw error;
    }
  },
  create: async (path) => new LocalFile(await open(path, "wx")),
  rename,
  link: async (from, to) => {
    try {
      await link(from, to);
      return true;
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      throw error;
    }
  },
  remove: (path) => rm(path, { force: true }),
  readText: (path) => readFile(path, "utf8"),
  read: async function* (path, start = 0, end = Infinity) {
    const handle = await open(path, "r");
    try {
      // A megabyte for each small file that is read whole would be most of what that costs.
      const expected = end === Infinity ? (await handle.stat()).size - start : end - start;
      const part = new Uint8Array(Math.min(partBytes, Math.max(leastPartBytes, expected)));
      for (let at = start; at < end; ) {
        const { bytesRead } = await handle.read(part, 0, Math.min(part.byteLength, end - at), at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield part.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },
  stat: async (path) => {
    const info = await stat(path).catch(unlessMissing(() => undefined));
    return info === undefined ? undefined : { bytes: info.size, changedMs: info.mtimeMs };
  },
  touch: async (path, at) => {
    await utimes(path, new Date(at), new Date(at));
  },
  exists: existsSync,
};

/** Node's own way of making parents never ends where a folder can't have any, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT" && dirname(path) !== path && !existsSync(dirname(path))) {
      await makeFolder(dirname(path));
      return makeFolder(path);
    }
    if (!(await stat(path).then((info) => info.isDirectory(), () => false))) throw error;
  }
}

class LocalFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) at += (await this.#handle.write(bytes, at, bytes.byteLength - at, position + at)).bytesWritten;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The system's word for an error, as `ENOSPC`; empty when it has none. */
export function systemCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

function unlessMissing<T>(instead: () => T): (error: unknown) => T {
  return (error) => {
    if (systemCode(error) === "ENOENT") return instead();
    throw error;
  };
}
