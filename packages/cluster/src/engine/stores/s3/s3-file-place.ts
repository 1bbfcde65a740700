import { ShoalError } from "@shoal/core";
import type { ByteRange } from "../../blob-store.ts";
import type { FilePlace, GatheredFile } from "../files/file-place.ts";
import type { KeptFile } from "../files/prune-files.ts";
import type { S3Objects } from "./s3-objects.ts";

const begin = "files/";
/** An empty object beside each file that was asked for since it came: when, says its own time. A file of gigabytes can't be touched otherwise. */
const usedBegin = "used/";
const pieceBytes = 4 << 20;
const empty = { bytes: 0, read: async () => new Uint8Array() };

/** Files in a bucket, under `<prefix>/files/<sha256>`. */
export class S3FilePlace implements FilePlace {
  readonly #objects: S3Objects;
  /** When this process last found out. */
  readonly #usedAt = new Map<string, number>();

  constructor(objects: S3Objects) {
    this.#objects = objects;
  }

  async find(sha256: string): Promise<{ readonly bytes: number; readonly usedAt: number } | undefined> {
    const known = this.#usedAt.get(sha256);
    const [file, used] = await Promise.all([this.#objects.look(begin + sha256), known === undefined ? this.#objects.look(usedBegin + sha256) : undefined]);
    if (file === undefined) {
      this.#usedAt.delete(sha256);
      return undefined;
    }
    const usedAt = known ?? Math.max(file.changedAt, used?.changedAt ?? 0);
    this.#usedAt.set(sha256, usedAt);
    return { bytes: file.bytes, usedAt };
  }

  async markUsed(sha256: string, at: number): Promise<void> {
    await this.#objects.write(usedBegin + sha256, empty, false);
    this.#usedAt.set(sha256, at);
  }

  async publish(sha256: string, file: GatheredFile): Promise<void> {
    await this.#objects.write(begin + sha256, file, true);
  }

  async *parts(sha256: string, { start, length }: ByteRange): AsyncGenerator<Uint8Array> {
    const piece = (at: number): Promise<Uint8Array | undefined> | undefined => {
      if (at >= length) return undefined;
      const read = this.#objects.readPart(begin + sha256, { start: start + at, length: Math.min(pieceBytes, length - at) });
      // Who asked may leave before it is there.
      read.catch(() => {});
      return read;
    };
    let next = piece(0);
    for (let at = 0; next !== undefined; ) {
      const bytes = await next;
      if (bytes === undefined) throw new ShoalError("blob-missing", `There is no file ${sha256}.`, { hint: "Bring it again, with the job that needs it.", details: { sha256 } });
      at += pieceBytes;
      next = piece(at);
      yield bytes;
    }
  }

  async list(): Promise<readonly KeptFile[]> {
    // Others may have asked since this process looked.
    this.#usedAt.clear();
    const usedAt = new Map<string, number>();
    for await (const { objects } of this.#objects.pages(usedBegin)) for (const { name, changedAt } of objects) usedAt.set(name.slice(usedBegin.length), changedAt);
    const kept: KeptFile[] = [];
    for await (const { objects } of this.#objects.pages(begin)) {
      for (const { name, bytes, changedAt } of objects) {
        const sha256 = name.slice(begin.length);
        kept.push({ sha256, bytes, usedAt: Math.max(changedAt, usedAt.get(sha256) ?? 0) });
      }
    }
    await this.#objects.dropAbandoned(begin);
    return kept;
  }

  async remove(sha256: string): Promise<void> {
    await this.#objects.remove(begin + sha256);
    await this.#objects.remove(usedBegin + sha256);
    this.#usedAt.delete(sha256);
  }
}
