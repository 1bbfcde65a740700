import { constants, copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange } from "../../blob-store.ts";
import { localDisk } from "../../embedded/disk.ts";
import { isSha256, type FilePlace, type GatheredFile } from "../files/file-place.ts";
import type { KeptFile } from "../files/prune-files.ts";
import { pieces } from "./pieces.ts";

/** Files in a folder, each under its SHA-256; of what is on its way, the folder `incoming` in it. Their times say when they were asked for last. */
export class FolderFilePlace implements FilePlace {
  readonly #folder: () => Promise<string | undefined>;

  /** @param folder undefined as long as there is none, and nothing in it */
  constructor(folder: () => Promise<string | undefined>) {
    this.#folder = folder;
  }

  async find(sha256: string): Promise<{ readonly bytes: number; readonly usedAt: number } | undefined> {
    const folder = await this.#folder();
    const info = folder === undefined ? undefined : await stat(join(folder, sha256)).catch(() => undefined);
    return info === undefined ? undefined : { bytes: info.size, usedAt: info.mtimeMs };
  }

  async markUsed(sha256: string, at: number): Promise<void> {
    const folder = await this.#folder();
    if (folder !== undefined) await utimes(join(folder, sha256), new Date(at), new Date(at)).catch(() => {});
  }

  async publish(sha256: string, file: GatheredFile): Promise<void> {
    const folder = (await this.#folder()) as string;
    let { path } = file;
    if (!file.isOurs) {
      await mkdir(join(folder, "incoming"), { recursive: true });
      path = join(folder, "incoming", `${sha256}-${crypto.randomUUID()}`);
      await copyFile(file.path, path, constants.COPYFILE_FICLONE);
      const copy = await open(path, "r+");
      try {
        await copy.datasync();
      } finally {
        await copy.close();
      }
    }
    await rename(path, join(folder, sha256));
    await localDisk.syncFolder(folder);
  }

  async *parts(sha256: string, range: ByteRange): AsyncGenerator<Uint8Array> {
    yield* pieces(join((await this.#folder()) as string, sha256), range);
  }

  async list(): Promise<readonly KeptFile[]> {
    const folder = await this.#folder();
    const kept: KeptFile[] = [];
    if (folder === undefined) return kept;
    for (const sha256 of await readdir(folder).catch(() => [])) {
      const info = isSha256(sha256) ? await stat(join(folder, sha256)).catch(() => undefined) : undefined;
      if (info !== undefined) kept.push({ sha256, bytes: info.size, usedAt: info.mtimeMs });
    }
    return kept;
  }

  async remove(sha256: string): Promise<void> {
    const folder = await this.#folder();
    if (folder !== undefined) await rm(join(folder, sha256), { force: true });
  }
}
