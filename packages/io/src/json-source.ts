import type { Datasource, Row } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { fileDatasource } from "./file-datasource.ts";
import type { Paths } from "./given-files.ts";
import { jsonError } from "./json-error.ts";
import { jsonOptions } from "./jsonl-source.ts";
import { rowReader, type ReadRuns } from "./read-rows.ts";
import type { RowOptions } from "./row-shape.ts";
import { wholeText } from "./text-runs.ts";

/** What columns are in JSON files, and how large one may be, in bytes. */
export interface JsonOptions<Out = Row> extends RowOptions<Out> {
  /** A file is read whole; a larger one is refused. Default 256 MiB. */
  readonly maxFileBytes?: number;
}

/**
 * JSON files: an array is one row an element, anything else one row. As in JSON Lines, an object is a row and any other value goes to column `item`.
 * @throws `invalid-json`, `invalid-utf8`, `schema-conflict`, `invalid-row`, `file-too-large`
 */
export function jsonSource<S extends StandardSchemaV1>(paths: Paths, options: Omit<JsonOptions, "schema"> & { readonly schema: S }): Datasource<StandardSchemaV1.InferOutput<S>>;
export function jsonSource<R = Row>(paths: Paths, options?: JsonOptions<R>): Datasource<R>;
export function jsonSource(paths: Paths, options: JsonOptions<unknown> = {}): Datasource<never> {
  const maxFileBytes = options.maxFileBytes ?? 256 * 1024 * 1024;
  const readRuns: ReadRuns = async function* (file, signal, skip, onRead) {
    const text = await wholeText(file, maxFileBytes, signal);
    const value = parse(text, file.path);
    const rows = Array.isArray(value) ? (value as unknown[]) : [value];
    if (file.size !== undefined) onRead?.(rows.length, file.size);
    yield { rows: rows.slice(skip), bytes: text.length, where: (row) => (Array.isArray(value) ? `${file.path}: element ${skip + row}` : file.path) };
  };
  return fileDatasource(paths, { format: "json", extensions: [".json"], prunesColumns: true, streams: true, read: rowReader(readRuns, options) }, jsonOptions(options));
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw jsonError(error, text, { path, line: 1, byte: 0 });
  }
}
