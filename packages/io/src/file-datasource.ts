import { selectColumns, ShoalError, sliceBlock, type Block, type Datasource, type JsonObject, type Partition, type ReadOptions, type Schema } from "@shoal/core";
import { platform } from "#platform";
import { cutBlock } from "./cut-block.ts";
import type { SourceFile } from "./file-store.ts";
import { FilesAhead } from "./files-ahead.ts";
import { GivenFiles, type Paths } from "./given-files.ts";
import { fileChanged } from "./http-files.ts";

/** A part of a file that can be read apart from the others, such as a row group. */
export interface FilePart {
  /** Stable name of the part within its file, without `#`: `row-group=3`. */
  readonly part: string;
  readonly rows?: number;
  readonly bytes?: number;
}

/** What is wanted of one file. */
export interface FileReadOptions extends ReadOptions {
  /** Which part of the file; absent for formats without `parts`. */
  readonly part?: string;
  /** The first file of the whole source: what columns are inferred from, so that all files agree. */
  readonly firstFile: SourceFile;
}

/** What a format must say to become a Datasource: how one file is read to blocks. */
export interface FileFormat {
  /** For names and specs: `jsonl`. */
  readonly format: string;
  /** Lower case, with the dot; of a directory only files that end so are read. Empty: all files. */
  readonly extensions: readonly string[];
  /** `read` gives only `options.columns` when they are given. (If it gives more, they are dropped here.) */
  readonly prunesColumns: boolean;
  /** Read from beginning to end, by `file.stream` alone, telling `options.onRead`: then standard input will do. */
  readonly streams: boolean;
  /** Files are a row each: the next ones are read while one is used. */
  readonly rowPerFile?: boolean;
  /** Without it, each file is one partition. */
  parts?(file: SourceFile, signal: AbortSignal): AsyncIterable<FilePart>;
  schema?(firstFile: SourceFile, signal: AbortSignal): Promise<Schema | undefined>;
  countRows?(file: SourceFile, signal: AbortSignal): Promise<number | undefined>;
  /**
   * The rows from `options.firstRow` (0 where absent) on, in order. `limit` is a hint: what is too much is cut here, as are
   * blocks that are too large; lineage is added here too.
   */
  read(file: SourceFile, options: FileReadOptions): AsyncIterable<Block>;
}

/** Paths (files, directories, globs, URLs, `-`) and Blobs as a Datasource of one format. */
export function fileDatasource<R = Record<string, unknown>>(paths: Paths, format: FileFormat, spec?: JsonObject): Datasource<R> {
  const given = new GivenFiles(paths);
  const list = given.names;
  const resumable = given.paths?.includes("-") !== true;
  if (!resumable && !format.streams) throw new ShoalError("not-seekable", `${format.format} can't be read from standard input.`, { hint: "Write it to a file first, and name that.", failure: "bug" });
  const finding = new WeakMap<AbortSignal, Promise<readonly SourceFile[]>>();
  // A run counts its rows while it begins to read: what both look for is looked for once, and told anew to whoever asks later.
  const find = (signal: AbortSignal): Promise<readonly SourceFile[]> => {
    const found = finding.get(signal) ?? given.find(format.extensions, signal).finally(() => finding.delete(signal));
    finding.set(signal, found);
    return found;
  };
  let first: SourceFile | undefined;
  const firstFile = async (signal: AbortSignal): Promise<SourceFile> => (first ??= (await find(signal))[0] as SourceFile);

  /** By the signal of the run that reads. */
  const ahead = new WeakMap<AbortSignal, FilesAhead>();
  async function* readPartition(partition: Partition, options: ReadOptions): AsyncIterable<Block> {
    const [path, part] = format.parts === undefined ? [partition.id] : splitId(partition.id);
    const file = await given.open(path, options.signal);
    if (file.version !== partition.version) throw fileChanged(path, partition.version, file.version);
    yield* format.read(file, { ...options, ...(part === undefined ? {} : { part }), firstFile: await firstFile(options.signal) });
  }

  return {
    name: `${format.format}(${list.length <= 3 ? list.join(", ") : `${list.slice(0, 2).join(", ")}, … ${list.length} paths`})`,
    resumable,
    prunesColumns: format.prunesColumns,
    ...(spec === undefined || given.paths === undefined ? {} : { spec: { format: format.format, options: { ...spec, paths: list } } }),
    ...(format.schema === undefined ? {} : { schema: async (signal) => format.schema?.(await firstFile(signal), signal) }),
    ...(format.countRows === undefined ? {} : { countRows: async (signal) => sumOver(await find(signal), async (file) => format.countRows?.(file, signal)) }),
    ...(format.countRows === undefined && format.streams && resumable ? { countBytes: async (signal) => sumOver(await find(signal), async ({ size }) => size) } : {}),
    async fileAt(path, signal) {
      const place = await platform.realPath(path);
      return place === undefined ? undefined : firstWithin(place, (await find(signal)).filter((file) => !given.isBlob(file.path)));
    },
    async *partitions(signal) {
      const files = await find(signal);
      first = files[0];
      if (format.rowPerFile === true) ahead.set(signal, new FilesAhead(files));
      for (const file of files) yield* partitionsOf(file, format, signal);
    },
    async *read(partition, options) {
      const filesAhead = ahead.get(options.signal);
      const blocks = filesAhead === undefined ? readPartition(partition, options) : filesAhead.read(partition, options, readPartition);
      yield* finishBlocks(blocks, partition, options);
    },
  };
}

async function* partitionsOf(file: SourceFile, format: FileFormat, signal: AbortSignal): AsyncIterable<Partition> {
  if (format.parts === undefined) {
    yield { id: file.path, version: file.version, ...(file.size === undefined ? {} : { bytes: file.size }) };
    return;
  }
  for await (const { part, ...size } of format.parts(file, signal)) yield { id: `${file.path}#${part}`, version: file.version, ...size };
}

function splitId(id: string): [path: string, part: string] {
  const at = id.lastIndexOf("#");
  return [id.slice(0, at), id.slice(at + 1)];
}

async function firstWithin(place: string, files: readonly SourceFile[]): Promise<string | undefined> {
  for (let at = 0; at < files.length; at += 64) {
    const some = files.slice(at, at + 64);
    const real = await Promise.all(some.map(({ path }) => platform.realPath(path)));
    const found = real.findIndex((path) => path === place || (path?.startsWith(place) === true && /[\\/]/.test(path.charAt(place.length))));
    if (found >= 0) return some[found]?.path;
  }
  return undefined;
}

/** Undefined where one file can't tell. */
async function sumOver(files: readonly SourceFile[], count: (file: SourceFile) => Promise<number | undefined>): Promise<number | undefined> {
  let sum = 0;
  for (const file of files) {
    const counted = await count(file);
    if (counted === undefined) return undefined;
    sum += counted;
  }
  return sum;
}

/** Blocks as a Datasource must give them: cut to size, ended at `limit`, with only the columns asked for, and with lineage. */
export async function* finishBlocks(blocks: AsyncIterable<Block>, partition: Partition, options: ReadOptions): AsyncIterable<Block> {
  const { columns, limit = Infinity, signal } = options;
  if (limit <= 0) return;
  let firstRow = options.firstRow ?? 0;
  let left = limit;
  for await (const block of blocks) {
    signal.throwIfAborted();
    const wanted = columns === undefined ? block : selectColumns(block, columns.filter((name) => Object.hasOwn(block.columns, name)));
    for (const piece of cutBlock(sliceBlock(wanted, 0, Math.min(left, wanted.rows)))) {
      yield { ...piece, lineage: [{ partition: partition.id, version: partition.version, firstRow, rows: piece.rows }] };
      firstRow += piece.rows;
      left -= piece.rows;
    }
    if (left <= 0) return;
  }
}

/** Without the first `count` rows: `firstRow`, for formats that can't seek. */
export async function* skipRows(blocks: AsyncIterable<Block>, count = 0): AsyncIterable<Block> {
  let left = count;
  for await (const block of blocks) {
    if (left < block.rows) yield sliceBlock(block, left);
    left = Math.max(0, left - block.rows);
  }
}
