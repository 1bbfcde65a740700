import { ShoalError, type Datasource, type JsonObject, type Row } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { fileDatasource } from "./file-datasource.ts";
import type { Paths } from "./given-files.ts";
import { jsonError } from "./json-error.ts";
import { rowReader, type ReadRuns } from "./read-rows.ts";
import type { RowOptions, RowRun } from "./row-shape.ts";
import { textRuns, type TextRun } from "./text-runs.ts";

/** What columns are in JSON Lines, and how long a line may be, in bytes. */
export interface JsonlOptions<Out = Row> extends RowOptions<Out> {
  /** A longer line is refused. Default 64 MiB. */
  readonly maxLineBytes?: number;
}

export const defaultMaxLineBytes = 64 * 1024 * 1024;

/**
 * JSON Lines: one JSON value a line; `.gz` too; `-` is standard input. An object is a row, any other value goes to column `item`; blank lines are
 * passed over. Missing keys are missing values; nested values are `json` columns, lists of numbers or strings `list` columns.
 * @throws `invalid-json`, `invalid-utf8`, `schema-conflict`, `invalid-row`, `inexact-number`, `line-too-long`, with file and line
 */
export function jsonlSource<S extends StandardSchemaV1>(paths: Paths, options: Omit<JsonlOptions, "schema"> & { readonly schema: S }): Datasource<StandardSchemaV1.InferOutput<S>>;
export function jsonlSource<R = Row>(paths: Paths, options?: JsonlOptions<R>): Datasource<R>;
export function jsonlSource(paths: Paths, options: JsonlOptions<unknown> = {}): Datasource<never> {
  const maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes;
  const readRuns: ReadRuns = async function* (file, signal, skip, onRead) {
    let left = skip;
    let rows = 0;
    for await (const run of textRuns(file, maxLineBytes, signal)) {
      const parsed = parseRun(run, file.path, maxLineBytes, left);
      left -= parsed.skipped;
      rows += parsed.skipped + parsed.run.rows.length;
      onRead?.(rows, run.storedEnd);
      if (parsed.run.rows.length > 0) yield parsed.run;
    }
  };
  return fileDatasource(paths, { format: "jsonl", extensions: [".jsonl", ".ndjson"], prunesColumns: true, streams: true, read: rowReader(readRuns, options) }, jsonOptions(options));
}

/** The options as data, unless one is a function. */
export function jsonOptions(options: object & { readonly schema?: unknown }): JsonObject | undefined {
  return options.schema === undefined ? (JSON.parse(JSON.stringify(options)) as JsonObject) : undefined;
}

function parseRun(run: TextRun, path: string, maxLineBytes: number, skip: number): { run: RowRun; skipped: number } {
  const { text } = run;
  const rows: unknown[] = [];
  const lines: number[] = [];
  const starts: number[] = [];
  let line = run.line;
  let skipped = 0;
  for (let start = 0; start < text.length; line++) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    if (end - start > maxLineBytes) throw new ShoalError("line-too-long", `${path}:${line}: this line is longer than ${maxLineBytes} bytes.`, { hint: "If that is meant, raise maxLineBytes.", failure: "bug", details: { path, line } });
    if (!isBlank(text, start, end)) {
      if (skipped < skip) {
        skipped++;
      } else {
        try {
          rows.push(JSON.parse(text.slice(start, end)));
        } catch (error) {
          throw jsonError(error, text.slice(start, end), { path, line, byte: run.byte + byteLength(text.slice(0, start)) });
        }
        lines.push(line);
        starts.push(start);
      }
    }
    start = end + 1;
  }
  const textOf = (row: number): string => text.slice(starts[row], starts[row + 1]);
  return { run: { rows, bytes: text.length, where: (row) => `${path}:${lines[row]}`, text: textOf }, skipped };
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0d && unit !== 0x09) return false;
  }
  return true;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
