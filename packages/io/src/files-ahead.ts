import type { Block, Partition, ReadOptions } from "@shoal/core";
import type { SourceFile } from "./file-store.ts";

type Read = (partition: Partition, options: ReadOptions) => AsyncIterable<Block>;

const mostAhead = 32;
/** Of files as they are stored: pictures grow twenty times when they are decoded. */
const mostBytesAhead = 4 * 2 ** 20;
/** However large: decoders have threads. */
const leastAhead = 2;

/**
 * Reads the next small files while one is used: waiting for them one after another would leave disk and decoders idle. How many are
 * ahead grows from none, so that a run that takes three rows reads few more.
 */
export class FilesAhead {
  readonly #files: readonly (Partition & { readonly bytes: number })[];
  readonly #at: ReadonlyMap<string, number>;
  readonly #started = new Map<number, Promise<readonly Block[]>>();
  #ahead = 0;

  /** @param files in the order in which they will be asked for */
  constructor(files: readonly Pick<SourceFile, "path" | "version" | "size">[]) {
    this.#files = files.map(({ path, version, size }) => ({ id: path, version, bytes: size ?? Infinity }));
    this.#at = new Map(files.map(({ path }, at) => [path, at]));
  }

  /** The same as `read`, of a file that may have been read already. */
  async *read(file: Partition, options: ReadOptions, read: Read): AsyncIterable<Block> {
    const at = this.#at.get(file.id);
    if (at === undefined || options.firstRow !== undefined) return yield* read(file, options);
    const end = Math.min(this.#files.length, at + 1 + Math.min(this.#ahead, (options.limit ?? Infinity) - 1));
    this.#start(at, options, read);
    for (let next = at + 1, bytes = 0; next < end; next++) {
      bytes += this.#files[next]?.bytes ?? 0;
      if (next > at + leastAhead && bytes > mostBytesAhead) break;
      this.#start(next, options, read);
    }
    this.#ahead = Math.min(mostAhead, 2 * this.#ahead + 1);
    const blocks = this.#started.get(at);
    this.#started.delete(at);
    if (blocks !== undefined) yield* await blocks;
  }

  #start(at: number, options: ReadOptions, read: Read): void {
    if (this.#started.has(at)) return;
    const blocks = collected(read(this.#files[at] as Partition, options));
    // Whoever asks for the file gets its error; if nobody does, it does not matter.
    blocks.catch(() => {});
    this.#started.set(at, blocks);
  }
}

async function collected(blocks: AsyncIterable<Block>): Promise<readonly Block[]> {
  const all: Block[] = [];
  for await (const block of blocks) all.push(block);
  return all;
}
