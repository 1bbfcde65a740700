import type { Vector } from "apache-arrow";
import { elementsPerRow, type ColumnType } from "./column-type.ts";
import type { RasterImage } from "./raster-image.ts";
import { ShoalError } from "./shoal-error.ts";
import { isTypedArray, kindOf, type TypedArray } from "./typed-array.ts";

/**
 * The values of one column of a block.
 * - `bool`, numbers, `timestamp` (epoch milliseconds as Float64Array), `tensor` (flat): a typed array, with `validity` (1 byte a row,
 *   0 = missing) when a row may be missing.
 * - `utf8`, `binary`, `list`, `image`, `json`: a JavaScript array, `null` where a row is missing.
 * - `arrow`: an Arrow vector.
 */
export interface Column<out T = unknown> {
  readonly type: ColumnType;
  readonly length: number;
  readonly values: TypedArray | readonly unknown[] | Vector;
  readonly validity?: Uint8Array;
  /** Only for the type checker: the value of one row. */
  readonly valueType?: T;
}

/** Whether a value is a column, rather than a list of values. */
export function isColumn(value: unknown): value is Column {
  return typeof value === "object" && value !== null && "type" in value && "values" in value && "length" in value;
}

/**
 * A column of equally shaped tensors over one flat array.
 * @param shape of one row, without the row axis; `[]` is a plain number.
 * @throws `wrong-shape` when the array is not rows × shape long.
 */
export function tensorColumn<A extends TypedArray>(data: A, shape: readonly number[]): Column<A> {
  const perRow = shape.reduce((product, size) => product * size, 1);
  const length = perRow === 0 ? 0 : data.length / perRow;
  if (!Number.isInteger(length)) {
    throw new ShoalError("wrong-shape", `${data.length} numbers can't be cut into rows of shape [${shape.join(", ")}] (${perRow} numbers each).`, { hint: "Make the length a multiple of the numbers in one row, or correct the shape." });
  }
  const element = kindOf(data);
  return { type: shape.length === 0 ? { kind: element } : { kind: "tensor", element, shape }, length, values: data };
}

/** Whether the row has no value in this column. */
export function isMissing(column: Column, row: number): boolean {
  if (column.type.kind === "null") return true;
  if (column.validity !== undefined) return column.validity[row] === 0;
  return columnValue(column, row) === null;
}

/**
 * The value of one row: `null` when missing; a number for numbers (int64 too, a bigint only beyond 2^53); a Date for `timestamp`;
 * a view of the numbers (not a copy) for `tensor`.
 */
export function columnValue(column: Column, row: number): unknown {
  if (column.validity !== undefined && column.validity[row] === 0) return null;
  const values = column.values as readonly unknown[];
  switch (column.type.kind) {
    case "null": return null;
    case "bool": return values[row] === 1;
    case "timestamp": return new Date(values[row] as number);
    case "int64": case "uint64": return safeInteger(values[row] as bigint);
    case "tensor": {
      const perRow = elementsPerRow(column.type);
      return (column.values as TypedArray).subarray(row * perRow, (row + 1) * perRow);
    }
    case "arrow": return (column.values as Vector).get(row) as unknown;
    default: return values[row] ?? null;
  }
}

function safeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** All values of a column, as {@link columnValue} gives them. */
export function columnValues(column: Column): unknown[] {
  const result = new Array<unknown>(column.length);
  for (let row = 0; row < column.length; row++) result[row] = columnValue(column, row);
  return result;
}

/** With its missing rows, where there are any. */
export function withValidity(column: Column, validity: Uint8Array | undefined): Column {
  return validity === undefined ? column : { ...column, validity };
}

/** Bytes a column holds in memory, near enough for a budget: strings count two bytes a character, nested values 64 a row. */
export function columnBytes(column: Column): number {
  const { values } = column;
  let bytes = column.validity?.byteLength ?? 0;
  if (isTypedArray(values)) return bytes + values.byteLength;
  if (column.type.kind === "arrow") return bytes + (values as Vector).byteLength;
  for (const value of values as readonly unknown[]) {
    if (typeof value === "string") bytes += 2 * value.length + 16;
    else if (isTypedArray(value)) bytes += value.byteLength + 64;
    else if (Array.isArray(value)) bytes += 8 * value.length + 64;
    else if (column.type.kind === "image" && value !== null) bytes += (value as RasterImage).data.byteLength + 64;
    else bytes += 64;
  }
  return bytes;
}
