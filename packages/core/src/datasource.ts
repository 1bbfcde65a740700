import type { Block } from "./block.ts";
import type { JsonObject } from "./json.ts";
import type { Schema } from "./schema.ts";

/** The unit of reading: a file, or a row group of one. */
export interface Partition {
  /** Stable across runs: a path or URL, with what part of it. */
  readonly id: string;
  /** Changes when the content does: size and time of change, an ETag, a hash. */
  readonly version: string;
  readonly rows?: number;
  readonly bytes?: number;
}

/** What is needed of a partition. A source may give more, except where it promises otherwise. */
export interface ReadOptions {
  /** Only these columns are needed. A source that says `prunesColumns` gives no others. */
  readonly columns?: readonly string[];
  /** No more rows than this are needed from this partition. */
  readonly limit?: number;
  /** Start at this row of the partition; only for a source that is `resumable`. */
  readonly firstRow?: number;
  /**
   * Told now and then how far the reading is: rows of this partition from its first one on, and the bytes, as they are stored, that those rows are.
   * For a source that has `countBytes`: a run then says how much of it is done.
   */
  readonly onRead?: (rows: number, bytes: number) => void;
  /** Ends the reading; what was open is closed. */
  readonly signal: AbortSignal;
}

/**
 * Where rows come from. A value: nothing is opened before `partitions` is called.
 * Blocks carry their lineage (`partition`, `version`, `firstRow`), come in row order, and hold at most some thousand rows
 * or 16 MiB, whichever is less.
 */
export interface Datasource<R = Record<string, unknown>> {
  /** For plans and messages, as in `jsonl(prompts/*.jsonl)`. */
  readonly name: string;
  /** The same partitions can be read again, from any row. */
  readonly resumable: boolean;
  readonly prunesColumns: boolean;
  /**
   * Its blocks look into memory that stays and is read again: `"columns"` where the columns are that memory, `"values"` where only objects in
   * their rows are (nested values, bytes). What may write into them is given a copy. Absent where each reading makes blocks of its own.
   */
  readonly sharesMemory?: "columns" | "values";
  /** The source as data, for a plan that travels; absent when it can't. */
  readonly spec?: SourceSpec;
  /** The schema where it is known without reading rows. */
  schema?(signal: AbortSignal): Promise<Schema | undefined>;
  /** The exact row count where it is known without reading rows. */
  countRows?(signal: AbortSignal): Promise<number | undefined>;
  /** Where only reading tells the rows: the bytes of all that is read, as they are stored, where known. Such a source calls `onRead`. */
  countBytes?(signal: AbortSignal): Promise<number | undefined>;
  /** For a source of files: the first of them that stands at a path or somewhere below it, links followed. An output there would take the place of what is read. */
  fileAt?(path: string, signal: AbortSignal): Promise<string | undefined>;
  partitions(signal: AbortSignal): AsyncIterable<Partition>;
  /** @throws ShoalError naming file, position and reason. Returning early closes what was open. */
  read(partition: Partition, options: ReadOptions): AsyncIterable<Block>;
  /** Only for the type checker. */
  readonly rowType?: R;
}

/** A source as data: its format, and the options that open it again. */
export interface SourceSpec {
  readonly format: string;
  readonly options: JsonObject;
}
