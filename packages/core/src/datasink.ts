import type { Block, Row } from "./block.ts";
import type { JsonObject } from "./json.ts";
import type { Schema } from "./schema.ts";
import type { ErrorData } from "./shoal-error.ts";

/** A row that could not be done: a line of the dead-letter file. */
export interface DeadLetter {
  readonly row: Row;
  readonly error: ErrorData;
  readonly attempts: number;
  /** Which step failed. */
  readonly step: string;
  /** Where the row came from: partition and row, counted from 1, where known. */
  readonly source?: string;
}

/** What a published output consists of: rows and bytes are totals over its files, dead letters not counted. */
export interface SinkResult {
  /** What appeared: a path, a URL. */
  readonly location: string;
  readonly files: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** Where the dead letters are, when there are any. */
  readonly deadLetters?: string;
}

/**
 * One output being written. Nothing is visible under the output's name before `publish`; after `discard` nothing is left.
 * Blocks come in output order; one call at a time.
 */
export interface SinkWriter {
  write(block: Block): Promise<void>;
  writeDeadLetters(letters: readonly DeadLetter[]): Promise<void>;
  /** The output appears, whole. `schema` is what an output without rows gets. */
  publish(schema: Schema): Promise<SinkResult>;
  discard(): Promise<void>;
  /**
   * The folder of the unfinished output, for a sink that has one: a run keeps its ledger in it, from which a later one can go on.
   * It goes away with `publish` and `discard`.
   */
  readonly unfinished?: string;
  /** Instead of `discard`: what was written goes, the folder and the ledger in it stay. Wherever there is `unfinished`. */
  leave?(): Promise<void>;
}

/** How a sink is opened. */
export interface SinkOptions {
  /** What an earlier run has left unfinished is taken over, with its ledger, instead of being refused. */
  readonly resume?: boolean;
}

/** Where rows go. A value: nothing is touched before `open`. */
export interface Datasink {
  /** For plans and messages, as in `parquet(out/)`. */
  readonly name: string;
  readonly spec?: { readonly format: string; readonly options: JsonObject };
  /** The path at which the output appears, for a sink of files. A run may read nothing that stands there. */
  readonly path?: string;
  /** Where rows that fail appear, for a file that has them beside it: publishing it may replace or remove what stands there. A run may read nothing there either. */
  readonly deadLettersPath?: string;
  /** @throws `output-exists`, `output-unfinished`, with the choices there are. */
  open(signal: AbortSignal, options?: SinkOptions): Promise<SinkWriter>;
  /** False where there is no place beside the output for rows that fail, as with standard output: runs that would need one are refused at their start. Default true. */
  readonly keepsDeadLetters?: boolean;
  /** The same with an output of its own beside this one, whose name says that it has so many rows at most: for trying a job out. Where outputs have names. */
  limitedTo?(rows: number): Datasink;
}
