import {
  commonSchema, commonType, conformBlock, formatType, jsonSafe, preview, sameType, schemaOf, ShoalError, sliceBlock,
  type Block, type Datasink, type DeadLetter, type JsonObject, type Schema, type SinkResult, type SinkWriter,
} from "@shoal/core";
import { platform } from "#platform";
import { hasExtension } from "./file-store.ts";
import { refuseDeepValues } from "./nested-too-deep.ts";
import { lettersBeside, trialPath } from "./output-names.ts";
import type { Output, OutputFile, OutputPlace } from "./output.ts";

/** Options that every file sink takes. */
export interface FileSinkOptions {
  /** What to do when the output is already there. Default `error`; `overwrite` replaces it when the new one is whole. */
  readonly mode?: "error" | "overwrite";
  /** Start another part file after so many rows; only for a directory. Default: one part file for all rows. */
  readonly maxRowsPerFile?: number;
}

/** Writes the blocks of one file. */
export interface FileEncoder {
  write(block: Block): Promise<void>;
  /** Whatever stands at the end of a file. The file itself is closed elsewhere. */
  end(): Promise<void>;
  /** Called instead of `end` when the output is given up, for an encoder that holds a thread. */
  abandon?(): Promise<void>;
}

/** What a format must say to become a Datasink: how blocks of one schema become one file. */
export interface SinkFormat {
  readonly format: string;
  /** Lower case, with the dot; the first names part files. */
  readonly extensions: readonly string[];
  /**
   * What a file commits itself to with its first block: `types` (a column that is all missing is waited for, in vain as utf8),
   * `columns` only, or `nothing` (later blocks may bring new columns).
   */
  readonly fixes: "types" | "columns" | "nothing";
  /** It has no way to say how many rows there are where there are no columns: such rows are refused. */
  readonly needsColumns?: boolean;
  /** A path ending in `.gz` is compressed. */
  readonly gzip?: boolean;
  /** Called once for each file; also for an output without rows. Blocks that follow have exactly this schema (unless `fixes` is `nothing`). */
  encode(file: OutputFile, schema: Schema): FileEncoder | Promise<FileEncoder>;
}

/** Rows waited for until an all-missing column shows its type. */
const maxPendingRows = 65_536;

/** A path, or another place, as a Datasink of one format; see `openOutput` for what paths mean. Nothing is touched before `open`. */
export function fileDatasink(place: string | OutputPlace, format: SinkFormat, options: FileSinkOptions = {}, spec: JsonObject = {}): Datasink {
  const { maxRowsPerFile, mode = "error" } = options;
  if (maxRowsPerFile !== undefined && !(maxRowsPerFile >= 1)) throw new ShoalError("bad-option", `maxRowsPerFile is ${maxRowsPerFile}; it must be 1 or more.`, { hint: "Give a whole number, or leave the option out for parts without a limit.", failure: "bug" });
  checkPlace(place, format.format);
  const path = typeof place === "string" ? place : place.name;
  const isOneFile = path !== "-" && hasExtension(path, format.extensions) && !/[/\\]$/.test(path);
  const trialOf = (rows: number): string | undefined => (typeof place === "string" ? trialPath(place, rows, format.extensions) : undefined);
  return {
    name: `${format.format}(${path})`,
    // Another place is no data that could be written down.
    ...(typeof place === "string" && { spec: { format: format.format, options: { ...spec, path, mode, ...(maxRowsPerFile === undefined ? {} : { maxRowsPerFile }) } }, path }),
    ...(typeof place === "string" && isOneFile && { deadLettersPath: lettersBeside(place) }),
    keepsDeadLetters: place !== "-",
    async open(signal, { resume = false } = {}) {
      signal.throwIfAborted();
      const options = { extensions: format.extensions, mode, resume };
      const output = await (typeof place === "string" ? platform.openOutput(place, options) : place.open(options));
      if (output.single && maxRowsPerFile !== undefined) {
        await output.discard();
        throw new ShoalError("bad-option", `"${path}" is one file, so maxRowsPerFile can't be kept.`, { hint: "Name a directory, or leave maxRowsPerFile out.", failure: "bug" });
      }
      return new FileSinkWriter(output, format, maxRowsPerFile ?? Infinity);
    },
    // The next trial takes the place of the one before.
    ...(trialOf(0) !== undefined && { limitedTo: (rows: number) => fileDatasink(trialOf(rows) as string, format, { ...options, mode: "overwrite" }, spec) }),
  };
}

/** Types don't hold where a name comes from outside, as an environment variable that is not set. @throws `bad-option` */
function checkPlace(place: unknown, format: string): void {
  if (typeof place === "string" ? place !== "" : typeof place === "object" && place !== null && "open" in place) return;
  throw new ShoalError("bad-option", `${format}() was given ${place === "" ? "an empty path" : preview(place)} as the place to write to.`, { hint: "Give a path. Where it comes from a variable, see that the variable is set.", failure: "bug" });
}

class FileSinkWriter implements SinkWriter {
  readonly unfinished?: string;
  readonly leave?: () => Promise<void>;
  readonly #output: Output;
  readonly #format: SinkFormat;
  readonly #maxRowsPerFile: number;
  #schema: Schema | undefined;
  #pending: Block[] = [];
  #pendingRows = 0;
  #current: { file: OutputFile; encoder: FileEncoder; rows: number } | undefined;
  #letters: OutputFile | undefined;
  #rows = 0;
  #bytes = 0;

  constructor(output: Output, format: SinkFormat, maxRowsPerFile: number) {
    this.#output = output;
    this.#format = format;
    this.#maxRowsPerFile = maxRowsPerFile;
    if (output.unfinished !== undefined && output.leave !== undefined) {
      this.unfinished = output.unfinished;
      this.leave = () => this.#end(() => output.leave?.());
    }
  }

  async write(block: Block): Promise<void> {
    if (block.rows === 0) return;
    refuseDeepValues(block);
    const first = this.#rows;
    this.#rows += block.rows;
    this.#schema = widen(this.#schema, schemaOf(block.columns), this.#format, this.#current !== undefined, first, this.#output.location);
    this.#pending.push(block);
    this.#pendingRows += block.rows;
    if (this.#format.fixes === "types" && this.#current === undefined && hasUnknown(this.#schema) && this.#pendingRows < maxPendingRows) return;
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#schema === undefined) return;
    if (this.#format.fixes === "types") this.#schema = asText(this.#schema);
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingRows = 0;
    for (const block of pending) await this.#writeRows(conformBlock(block, this.#schema), this.#schema);
  }

  async #writeRows(block: Block, schema: Schema): Promise<void> {
    if (this.#format.needsColumns === true && schema.fields.length === 0) {
      throw new ShoalError("no-columns", `The rows for "${this.#output.location}" have no columns, and ${this.#format.format} can't hold such rows.`, {
        hint: "Keep a column, or write JSON Lines or Arrow.",
        failure: "bug",
        details: { location: this.#output.location },
      });
    }
    for (let start = 0; start < block.rows; ) {
      const current = await this.#file(schema);
      const piece = sliceBlock(block, start, Math.min(block.rows, start + this.#maxRowsPerFile - current.rows));
      await current.encoder.write(piece);
      current.rows += piece.rows;
      start += piece.rows;
      if (current.rows >= this.#maxRowsPerFile) await this.#endFile();
    }
  }

  async #file(schema: Schema): Promise<{ file: OutputFile; encoder: FileEncoder; rows: number }> {
    if (this.#current === undefined) {
      const plain = await this.#output.nextFile();
      const file = this.#format.gzip === true && plain.path.endsWith(".gz") ? await platform.gzipFile(plain) : plain;
      this.#current = { file, encoder: await this.#format.encode(file, schema), rows: 0 };
    }
    return this.#current;
  }

  async #endFile(): Promise<void> {
    if (this.#current === undefined) return;
    await this.#current.encoder.end();
    this.#bytes += await this.#current.file.close();
    this.#current = undefined;
  }

  async writeDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    this.#letters ??= await this.#output.deadLetters();
    await this.#letters.write(new TextEncoder().encode(letters.map((letter) => `${JSON.stringify(letter, jsonSafe)}\n`).join("")));
  }

  async publish(schema: Schema): Promise<SinkResult> {
    await this.#flush();
    if (this.#rows === 0) await this.#file(this.#format.fixes === "types" ? asText(schema) : schema);
    await this.#endFile();
    await this.#letters?.close();
    const published = await this.#output.publish();
    return { location: this.#output.location, rows: this.#rows, bytes: this.#bytes, ...published };
  }

  discard(): Promise<void> {
    return this.#end(() => this.#output.discard());
  }

  async #end(end: () => Promise<void> | undefined): Promise<void> {
    try {
      await this.#current?.encoder.abandon?.();
    } finally {
      await end();
    }
  }
}

function hasUnknown(schema: Schema): boolean {
  return schema.fields.some((field) => field.type.kind === "null");
}

function asText(schema: Schema): Schema {
  return hasUnknown(schema) ? { fields: schema.fields.map((field) => (field.type.kind === "null" ? { ...field, type: { kind: "utf8" } } : field)) } : schema;
}

/** The output's schema with one more block. @throws `schema-conflict` */
function widen(schema: Schema | undefined, block: Schema, format: SinkFormat, started: boolean, firstRow: number, location: string): Schema {
  if (schema === undefined) return block;
  const mayChangeTypes = !started || format.fixes !== "types";
  const mayAddColumns = !started || format.fixes === "nothing";
  for (const { name, type } of block.fields) {
    const before = schema.fields.find((field) => field.name === name)?.type;
    if (before === undefined) {
      if (mayAddColumns) continue;
      throw conflict(`has a column "${name}" that the rows before it lack`, name, firstRow, location);
    }
    const joined = commonType(before, type);
    // What only json holds in common are unlike things, unless one of them was json before.
    const meet = joined.kind !== "json" || before.kind === "json" || type.kind === "json";
    if (!sameType(joined, before) && !(mayChangeTypes && meet)) {
      throw conflict(`has ${formatType(type)} in column "${name}" where the rows before it have ${formatType(before)}`, name, firstRow, location);
    }
  }
  return commonSchema(schema, block);
}

function conflict(what: string, column: string, firstRow: number, location: string): ShoalError {
  return new ShoalError("schema-conflict", `Output row ${firstRow} of "${location}" ${what}.`, {
    hint: "Make all rows alike in a step before the output, as with map() or withColumn().",
    failure: "bug",
    details: { column, row: firstRow, location },
  });
}

