import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Datasource, Json } from "@shoal/core";
import { dataset, Dataset, type AsRow } from "@shoal/dataset";
import * as io from "@shoal/io";
import { planFromJson } from "@shoal/planner";
import { localRuntime } from "#platform";
// Here and not in the index, which bundlers pass over: whoever has a dataset has its writers.
import "./writers.ts";

type Row = Record<string, unknown>;
type Paths = io.Paths;

/** A dataset over a datasource of your own. */
export function readDatasource<R extends object>(source: Datasource<R>): Dataset<R> {
  return dataset(source, localRuntime);
}

/** A dataset whose plan was JSON: `datasetFromJson(JSON.parse(JSON.stringify(dataset)))`. @throws `bad-plan`, `unknown-format`. */
export function datasetFromJson<R extends object = Row>(plan: Json): Dataset<R> {
  return new Dataset<R>(planFromJson(plan, io.openSource), localRuntime);
}

// --- from memory ---

/** Rows from a list: objects become columns, a bare value becomes column `item`. */
export function fromItems<T>(items: readonly T[]): Dataset<AsRow<io.ItemRow<T>>> {
  return readDatasource(io.fromItems(items) as Datasource<AsRow<io.ItemRow<T>>>);
}

/** Rows from named columns; a bare array becomes column `data`, its first axis the rows. */
export const fromColumns = ((columns: never) => readDatasource(io.fromColumns(columns) as Datasource<object>)) as unknown as FromColumns;
interface FromColumns {
  <C extends Readonly<Record<string, io.ColumnInput>>>(columns: C & { readonly length?: never }): Dataset<{ [Name in keyof C]: io.ColumnInputValue<C[Name]> }>;
  <C extends Extract<io.ColumnInput, ArrayLike<unknown>>>(data: C): Dataset<{ data: io.ColumnInputValue<C> }>;
}

/** Rows of one Arrow table or several. */
export function fromArrow<R extends object = Row>(tables: Parameters<typeof io.fromArrow>[0]): Dataset<R> {
  return readDatasource(io.fromArrow<R>(tables));
}

/** `rows` rows with the column `id`: 0, 1, 2 … */
export function range(rows: number): Dataset<{ id: number }> {
  return readDatasource(io.range(rows));
}

/** Rows as an iterable gives them. It can be read once, unless a function giving one is passed; such a run can't be resumed. */
export function fromAsyncIterable<T>(rows: io.Rows<T>): Dataset<AsRow<io.ItemRow<T>>> {
  return readDatasource(io.fromAsyncIterable(rows) as Datasource<AsRow<io.ItemRow<T>>>);
}

/** Rows as a stream gives them; see {@link fromAsyncIterable}. */
export function fromReadableStream<T>(stream: Parameters<typeof io.fromReadableStream<T>>[0]): Dataset<AsRow<io.ItemRow<T>>> {
  return readDatasource(io.fromReadableStream(stream) as Datasource<AsRow<io.ItemRow<T>>>);
}

// --- from files: a path, a folder, a glob, a URL, a Blob, a list of these ---

/** With `{ schema }` (any Standard Schema) every row is validated, and the row type is the schema's. */
type Validated<Options, S extends StandardSchemaV1> = Omit<Options, "schema"> & { readonly schema: S };
type RowsOf<S extends StandardSchemaV1> = AsRow<StandardSchemaV1.InferOutput<S>>;

/** Rows of JSON Lines files (also `.gz`, also `-` for standard input). */
export function readJsonl<S extends StandardSchemaV1>(paths: Paths, options: Validated<io.JsonlOptions, S>): Dataset<RowsOf<S>>;
export function readJsonl<R extends object = Row>(paths: Paths, options?: io.JsonlOptions<R>): Dataset<R>;
export function readJsonl(paths: Paths, options?: io.JsonlOptions): Dataset {
  return readDatasource(io.jsonlSource(paths, options));
}

/** Rows of JSON files: an array of objects, or one object. */
export function readJson<S extends StandardSchemaV1>(paths: Paths, options: Validated<io.JsonOptions, S>): Dataset<RowsOf<S>>;
export function readJson<R extends object = Row>(paths: Paths, options?: io.JsonOptions<R>): Dataset<R>;
export function readJson(paths: Paths, options?: io.JsonOptions): Dataset {
  return readDatasource(io.jsonSource(paths, options));
}

/** Rows of CSV files. Types are inferred unless `types` names them. */
export function readCsv<S extends StandardSchemaV1>(paths: Paths, options: Validated<io.CsvOptions, S>): Dataset<RowsOf<S>>;
export function readCsv<R extends object = Row>(paths: Paths, options?: io.CsvOptions<R>): Dataset<R>;
export function readCsv(paths: Paths, options?: io.CsvOptions): Dataset {
  return readDatasource(io.csvSource(paths, options));
}

/** Rows of Parquet files; only the columns that are needed are read. */
export function readParquet<R extends object = Row>(paths: Paths, options?: io.ParquetSourceOptions): Dataset<R> {
  return readDatasource(io.parquetSource<R>(paths, options));
}

/** Rows of Arrow IPC files and streams. */
export function readArrow<R extends object = Row>(paths: Paths, options?: io.ArrowSourceOptions): Dataset<R> {
  return readDatasource(io.arrowSource<R>(paths, options));
}

/** The lines of text files, in column `text`. */
export function readText(paths: Paths, options?: io.TextOptions): Dataset<{ text: string }> {
  return readDatasource(io.textSource(paths, options));
}

/** Decoded pictures, in columns `path` and `image`: `{ width, height, channels, data }`, or with `{ size: [height, width] }` tensors of one shape. */
export function readImages(paths: Paths, options: io.ImagesSourceOptions & { readonly size: readonly [height: number, width: number] }): Dataset<io.SizedImageRow>;
export function readImages(paths: Paths, options?: io.ImagesSourceOptions): Dataset<io.ImageRow>;
export function readImages(paths: Paths, options: io.ImagesSourceOptions = {}): Dataset<io.ImageRow> | Dataset<io.SizedImageRow> {
  return readDatasource(io.imagesSource(paths, options));
}

/** NumPy arrays, in column `data`; the first axis is the rows. */
export function readNpy<R extends object = { data: unknown }>(paths: Paths): Dataset<R> {
  return readDatasource(io.npySource<R>(paths));
}

/** Whole files, in columns `path` and `bytes`. */
export function readBinary(paths: Paths, options?: io.BinaryOptions): Dataset<{ path: string; bytes: Uint8Array }> {
  return readDatasource(io.binarySource(paths, options));
}
