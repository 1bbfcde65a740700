import type { Table } from "apache-arrow";
import { columnFromValues } from "./column-from-values.ts";
import { columnValues, isColumn, type Column } from "./column.ts";
import { preview } from "./preview.ts";
import { isTypedArray, kindOf, type TypedArray } from "./typed-array.ts";
import { blockFromRows, blockRow, createBlock, type Block, type Row } from "./block.ts";
import { arrowCode, loadArrow } from "./arrow-code.ts";
import { ShoalError } from "./shoal-error.ts";

/** How a predictor or a batch function gets its rows. */
export type BatchFormat = "columns" | "rows" | "arrow";

/** Column values as they may be returned: one entry a row. */
export type ColumnValues<T = unknown> = ArrayLike<T> | Column<T>;

/** Named columns: what a batch is in the format `"columns"`. */
export type BatchShape = Readonly<Record<string, ColumnValues>>;

/** Numbers arrive as the typed array they are stored in. */
export type NumberArray = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array;

type Missing<T> = Extract<T, null | undefined>;

/** A row's value type → its column's type in a batch. A number column that may be missing is an array of numbers and nulls. */
export type BatchColumn<T> = unknown extends T
  ? unknown[]
  : [T] extends [number]
    ? NumberArray
    : [Missing<T>] extends [never]
      ? T[]
      : (Exclude<T, undefined> | null)[];

/** A row type → the batch type over it. */
export type BatchOf<R> = { [Name in keyof R]: BatchColumn<R[Name]> };

/** A bigint as a row gives it back: as the number it is, up to 2^53. */
export type KeptValue<T> = T extends bigint ? number | bigint : T;

/** A row as the steps after it and its consumers get it: a row type without bigints stays the very type that it is. Of several row types, each by itself. */
export type KeptRow<R> = R extends unknown ? ([HoldsBigint<R>] extends [never] ? R : { [Name in keyof R]: KeptValue<R[Name]> }) : never;

/** The columns of bigints. */
type HoldsBigint<R> = { [Name in keyof R]-?: Extract<R[Name], bigint> extends never ? never : Name }[keyof R];

/** A batch type → the row type behind it: `{ x: Float32Array[] }` → `{ x: Float32Array }`, `{ n: Float64Array }` → `{ n: number }`. */
export type RowOf<B> = { [Name in keyof B]: B[Name] extends Column<infer T> ? KeptValue<T> : B[Name] extends ArrayLike<infer T> ? KeptValue<T> : never };

/** What a batch is in each format. */
export interface BatchFormats<R> {
  readonly columns: BatchOf<R>;
  readonly rows: R[];
  readonly arrow: Table;
}

/** A block as a batch; as an Arrow table only once {@link loadArrow} is done. In the format `"columns"` memory is shared: numbers and tensors are views, to be read and not written. */
export function batchFromBlock(block: Block, format: BatchFormat): unknown {
  if (format === "arrow") return arrowCode().tableFromBlock(block);
  if (format === "rows") return Array.from({ length: block.rows }, (_, row) => blockRow(block, row));
  return Object.fromEntries(Object.entries(block.columns).map(([name, column]) => [name, batchColumn(column)]));
}

function batchColumn(column: Column): unknown {
  const { kind } = column.type;
  const plain = kind !== "tensor" && kind !== "bool" && kind !== "timestamp" && kind !== "arrow" && kind !== "null";
  if (plain && column.validity === undefined) return column.values;
  return columnValues(column);
}

/**
 * What a predictor or a batch function returned, as a block: named columns, row objects or an Arrow table, for which {@link arrowForBatch} was waited for.
 * @param who names the step in messages, as in `predictor "score"`.
 * @throws `wrong-result` when it is none of these, a column is `undefined` (a name misspelt), or its columns differ in length.
 */
export function blockFromBatch(result: unknown, who: string): Block {
  if (Array.isArray(result)) return rowsToBlock(result, who);
  if (typeof result !== "object" || result === null) throw wrongResult(`${who} returned ${preview(result)}`);
  if (isArrowTable(result)) return arrowCode().blockFromTable(result);
  const columns: Record<string, Column> = {};
  let firstName: string | undefined;
  let rows = 0;
  for (const [name, values] of Object.entries(result)) {
    const column = toColumn(values, name, who);
    if (firstName === undefined) {
      firstName = name;
      rows = column.length;
    } else if (column.length !== rows) {
      throw wrongResult(`${who} returned ${column.length} rows in column "${name}" and ${rows} in column "${firstName}"`);
    }
    columns[name] = column;
  }
  return createBlock(columns);
}

function rowsToBlock(rows: readonly unknown[], who: string): Block {
  const wrong = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (wrong >= 0) throw wrongResult(`${who} returned an array whose entry ${wrong} is ${preview(rows[wrong])}, not a row object`);
  return blockFromRows(rows as Row[]);
}

function isArrowTable(value: object): value is Table {
  return "schema" in value && "batches" in value && "numRows" in value;
}

/** Waits for the code for Arrow where a batch is an Arrow table, and it is not there; nothing to wait for otherwise. */
export function arrowForBatch(batch: unknown): Promise<void> | undefined {
  return typeof batch === "object" && batch !== null && isArrowTable(batch) ? loadArrow() : undefined;
}

/** Any form of column values as a column. A list of equally long typed arrays becomes a tensor. */
export function toColumn(values: unknown, name: string, who: string): Column {
  if (isColumn(values)) return values;
  if (isTypedArray(values)) return { type: { kind: kindOf(values) }, length: values.length, values: values as TypedArray };
  if (Array.isArray(values)) return columnFromValues(values, undefined, { column: name });
  throw wrongResult(`${who} returned ${preview(values)} as column "${name}"`);
}

function wrongResult(what: string): ShoalError {
  return new ShoalError("wrong-result", `${what}.`, {
    hint: "Return named columns of equal length, as in { ...batch, score: new Float32Array(n) }, or an array of row objects.",
    failure: "bug",
  });
}
