import type { Vector } from "apache-arrow";
import { jsonForm } from "./json-form.ts";
import { ShoalError } from "./shoal-error.ts";

/** Column types of whole numbers. */
export type IntegerKind = "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64";
/** Column types that a typed array holds. */
export type NumberKind = IntegerKind | "float32" | "float64";

/**
 * What a column holds. The table in core's README gives each kind's JavaScript, Arrow, Parquet and JSON form.
 * `tensor`: every row has the same shape, stored flat. `list`: rows of unlike lengths. `image`: pixels, each row of its own size.
 * `json`: nested values as they are.
 * `arrow`: a type that JavaScript has no good form for (decimal, interval, map …), kept as the vector it came as.
 */
export type ColumnType =
  | { readonly kind: "bool" | NumberKind | "utf8" | "binary" | "timestamp" | "image" | "json" | "null" }
  | { readonly kind: "tensor"; readonly element: NumberKind; readonly shape: readonly number[] }
  | { readonly kind: "list"; readonly element: NumberKind | "utf8" }
  | { readonly kind: "arrow"; readonly name: string };

/** What holds the numbers of a column. */
export type TypedArray =
  | Int8Array | Int16Array | Int32Array | BigInt64Array
  | Uint8Array | Uint8ClampedArray | Uint16Array | Uint32Array | BigUint64Array
  | Float32Array | Float64Array;

/** Decoded pixels: rows from the top, `channels` bytes a pixel (1 grey, 3 RGB, 4 RGBA). */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

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

const arrays = {
  bool: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array,
  float32: Float32Array, float64: Float64Array, timestamp: Float64Array,
} as const;

/** A typed array for `length` elements of a kind. */
export function allocate(kind: keyof typeof arrays, length: number): TypedArray {
  return new arrays[kind](length);
}

/** The kind of a typed array; a `Uint8ClampedArray` (image pixels) counts as `uint8`. */
export function kindOf(array: TypedArray): NumberKind {
  if (array instanceof Uint8ClampedArray) return "uint8";
  return array.constructor.name.replace("Array", "").replace("Big", "").toLowerCase() as NumberKind;
}

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Numbers per row: the product of a tensor's shape, 1 for every other kind. */
export function elementsPerRow(type: ColumnType): number {
  return type.kind === "tensor" ? type.shape.reduce((product, size) => product * size, 1) : 1;
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

/** Rows `start` (inclusive) to `end` (exclusive); shares memory with the original where it can. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  const perRow = elementsPerRow(column.type);
  const { values } = column;
  return withValidity(
    {
      type: column.type,
      length: end - start,
      values: isTypedArray(values) ? values.subarray(start * perRow, end * perRow) : (values as readonly unknown[]).slice(start, end),
    },
    column.validity?.subarray(start, end),
  );
}

/** The given rows, in the given order. */
export function takeColumn(column: Column, rows: ArrayLike<number>): Column {
  const { type, values } = column;
  if (type.kind === "arrow") return columnFromValues(Array.from(rows, (row) => columnValue(column, row)), { kind: "json" });
  if (type.kind === "null") return { type, length: rows.length, values: [] };
  let taken: TypedArray | unknown[];
  if (isTypedArray(values)) {
    const perRow = elementsPerRow(type);
    const target = new (values.constructor as new (length: number) => TypedArray)(rows.length * perRow);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      if (perRow === 1) target[at] = values[row] as never;
      else target.set(values.subarray(row * perRow, (row + 1) * perRow) as never, at * perRow);
    }
    taken = target;
  } else {
    taken = Array.from(rows, (row) => (values as readonly unknown[])[row]);
  }
  const validity = column.validity;
  return withValidity({ type, length: rows.length, values: taken }, validity && Uint8Array.from(rows, (row) => validity[row] as number));
}

function withValidity(column: Column, validity: Uint8Array | undefined): Column {
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

/** The narrowest type that holds both: how blocks with unlike columns are joined. Numbers widen to float64; what has no common type is `json`. */
export function commonType(a: ColumnType, b: ColumnType): ColumnType {
  if (sameType(a, b)) return a;
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (isNumberKind(a.kind) && isNumberKind(b.kind)) return { kind: a.kind === "float32" && b.kind === "float32" ? "float32" : "float64" };
  const elementA = elementKind(a);
  const elementB = elementKind(b);
  if (elementA !== undefined && elementB !== undefined) {
    if (elementA === elementB) return { kind: "list", element: elementA };
    if (elementA !== "utf8" && elementB !== "utf8") return { kind: "list", element: "float64" };
  }
  return { kind: "json" };
}

export function isNumberKind(kind: string): kind is NumberKind {
  return kind in arrays && kind !== "bool" && kind !== "timestamp";
}

function elementKind(type: ColumnType): NumberKind | "utf8" | undefined {
  return type.kind === "tensor" || type.kind === "list" ? type.element : undefined;
}

/** Whether two types are equal, shapes and elements included. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return formatType(a) === formatType(b);
}

/** `utf8`, `tensor<float32>[3, 224, 224]`, `list<float32>` … */
export function formatType(type: ColumnType): string {
  switch (type.kind) {
    case "tensor": return `tensor<${type.element}>[${type.shape.join(", ")}]`;
    case "list": return `list<${type.element}>`;
    case "arrow": return `arrow<${type.name}>`;
    default: return type.kind;
  }
}

/** The type that one JavaScript value asks for; `undefined` and `null` ask for nothing. Numbers are float64. */
export function typeOfValue(value: unknown): ColumnType {
  switch (typeof value) {
    case "string": return { kind: "utf8" };
    case "number": return { kind: "float64" };
    case "boolean": return { kind: "bool" };
    case "bigint": return { kind: "int64" };
    case "undefined": return { kind: "null" };
  }
  if (value === null) return { kind: "null" };
  if (value instanceof Date) return { kind: "timestamp" };
  if (value instanceof Uint8Array && !(value instanceof Uint8ClampedArray)) return { kind: "binary" };
  if (isTypedArray(value)) return { kind: "tensor", element: kindOf(value), shape: [value.length] };
  if (isRasterImage(value)) return { kind: "image" };
  if (value instanceof URL) return { kind: "utf8" };
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((item) => typeof item === "number")) return { kind: "list", element: "float64" };
    if (value.every((item) => typeof item === "string")) return { kind: "list", element: "utf8" };
  }
  return { kind: "json" };
}

/** Exactly the fields of a {@link RasterImage}, and as many bytes as they say. */
export function isRasterImage(value: unknown): value is RasterImage {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 4) return false;
  const { width, height, channels, data } = value as Partial<RasterImage>;
  return data instanceof Uint8Array && data.length === Number(width) * Number(height) * Number(channels);
}

/** The common type of many values. */
export function inferType(values: Iterable<unknown>): ColumnType {
  let type: ColumnType = { kind: "null" };
  for (const value of values) {
    if (value === null || value === undefined) continue;
    // Strings and numbers are nearly all there is: no object is made for them.
    if ((typeof value === "string" && type.kind === "utf8") || (typeof value === "number" && type.kind === "float64")) continue;
    const own = Array.isArray(value) && value.length === 0 && type.kind === "list" ? type : typeOfValue(value);
    type = commonType(type, own);
    if (type.kind === "json") return type;
  }
  return type;
}

/** Where values stand, for messages. */
export interface ValuesPlace {
  readonly column?: string;
  /** The number of the first value. Default 0. */
  readonly firstRow?: number;
}

/**
 * A column from plain values; `null` and `undefined` are missing rows, and so is an invalid Date among times. Nested values that are no JSON become it where they say how (`toJSON`).
 * @throws `wrong-type` when a value does not fit `type`, or is or holds something that JSON has no form for (Map, Set, RegExp, Error, a
 * function, itself …), naming row and column.
 */
export function columnFromValues(values: readonly unknown[], type: ColumnType = inferType(values), place: ValuesPlace = {}): Column {
  const length = values.length;
  switch (type.kind) {
    case "null": return { type, length, values: [] };
    case "json": return { type, length, values: values.map((value, row) => jsonForm(value, (what) => withoutForm(value, what, row, place)) ?? null) };
    case "utf8": case "binary": case "list": case "image": return { type, length, values: values.map((value, row) => (value == null ? null : checked(value, type, row, place))) };
    case "arrow": throw new ShoalError("wrong-type", `A column of type ${formatType(type)} can't be made from plain values.`, { hint: "Pass a column that has this type already, or declare another type." });
  }
  const perRow = elementsPerRow(type);
  const target = allocate(type.kind === "tensor" ? type.element : type.kind, length * perRow);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const value = values[row];
    if (value === null || value === undefined || (type.kind === "timestamp" && value instanceof Date && Number.isNaN(value.getTime()))) {
      validity ??= new Uint8Array(length).fill(1);
      validity[row] = 0;
    } else if (type.kind === "tensor") {
      target.set(checked(value, type, row, place) as never, row * perRow);
    } else {
      target[row] = checked(value, type, row, place) as never;
    }
  }
  return withValidity({ type, length, values: target }, validity);
}

function checked(value: unknown, type: ColumnType, row: number, place: ValuesPlace): unknown {
  const stored = storedForm(value, type);
  if (stored === undefined) throw wrongType(`${preview(value)} does not fit a column of type ${formatType(type)}`, row, place, "Make the values of the column alike in a step before this one.");
  return stored;
}

function withoutForm(value: unknown, what: string, row: number, place: ValuesPlace): never {
  const holds = what === "itself" ? "a value contains itself" : typeof value === "object" && Object.prototype.toString.call(value) === "[object Object]" ? `${preview(value)} holds ${what}` : `there is ${what}`;
  throw wrongType(`${holds}, which JSON has no form for`, row, place, "Make plain values of it in a step before this one (Object.fromEntries(map), [...set], error.message, await promise), or drop the column.");
}

function wrongType(what: string, row: number, { column, firstRow = 0 }: ValuesPlace, hint: string): ShoalError {
  const name = column === undefined ? {} : { column };
  return new ShoalError("wrong-type", `Row ${firstRow + row}${column === undefined ? "" : `, column "${column}"`}: ${what}.`, { hint, failure: "row", details: { row: firstRow + row, ...name } });
}

/** The value as a column of this type stores it, or undefined where it does not fit. */
function storedForm(value: unknown, type: ColumnType): unknown {
  switch (type.kind) {
    case "utf8": return typeof value === "string" ? value : value instanceof URL ? value.href : undefined;
    case "binary": return value instanceof Uint8Array ? value : undefined;
    case "image": return isRasterImage(value) ? value : undefined;
    case "bool": return typeof value === "boolean" ? Number(value) : undefined;
    case "timestamp": return value instanceof Date ? value.getTime() : typeof value === "number" ? value : undefined;
    case "int64": case "uint64": return typeof value === "bigint" ? exactBigInt(value, type.kind) : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    case "float32": case "float64": return typeof value === "number" ? value : typeof value === "bigint" ? exactNumber(value) : undefined;
    case "list": return isTypedArray(value) || Array.isArray(value) ? value : undefined;
    case "tensor": return (isTypedArray(value) || Array.isArray(value)) && value.length === elementsPerRow(type) ? value : undefined;
    case "json": case "null": case "arrow": return value;
    default: return Number.isInteger(value) ? value : undefined;
  }
}

function exactBigInt(value: bigint, kind: "int64" | "uint64"): bigint {
  if (kind === "int64" ? BigInt.asIntN(64, value) === value : BigInt.asUintN(64, value) === value) return value;
  throw inexact(value, `does not fit 64 bits (${kind})`);
}

function exactNumber(value: bigint): number {
  if (BigInt(Number(value)) === value) return Number(value);
  throw inexact(value, "is not exact as a float64, which its column is because other rows hold plain numbers");
}

function inexact(value: bigint, why: string): ShoalError {
  return new ShoalError("inexact-number", `${value}n ${why}.`, { failure: "row", hint: "Make the column all bigints of at most 64 bits, or all strings." });
}

/** A value short enough for a message. */
export function preview(value: unknown, maxLength = 60): string {
  if (isTypedArray(value)) return `${value.constructor.name}(${value.length})`;
  if (isRasterImage(value)) return `image ${value.width}×${value.height}×${value.channels}`;
  let text: string;
  try {
    text = typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? String(value));
  } catch {
    text = String(value);
  }
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

/** The same rows as another type. @throws `wrong-type` where a value does not fit. */
export function castColumn(column: Column, type: ColumnType): Column {
  return sameType(column.type, type) ? column : columnFromValues(columnValues(column), type);
}

/** One column after another; unlike types meet at their {@link commonType}. */
export function concatColumns(columns: readonly Column[]): Column {
  const [first] = columns;
  if (first === undefined) return { type: { kind: "null" }, length: 0, values: [] };
  if (columns.length === 1) return first;
  const type = columns.map((column) => column.type).reduce(commonType);
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  if (type.kind === "json" && columns.every((column) => column.type.kind === "json")) return { type, length, values: columns.flatMap((column) => column.values as readonly unknown[]) };
  const plain = columns.every((column) => isTypedArray(column.values) && sameType(column.type, type));
  if (!plain) return columnFromValues(columns.flatMap(columnValues), type.kind === "arrow" ? { kind: "json" } : type);
  const target = new ((first.values as TypedArray).constructor as new (length: number) => TypedArray)(length * elementsPerRow(type));
  const validity = columns.some((column) => column.validity !== undefined) ? new Uint8Array(length).fill(1) : undefined;
  let row = 0;
  for (const column of columns) {
    target.set(column.values as never, row * elementsPerRow(type));
    if (column.validity !== undefined) validity?.set(column.validity, row);
    row += column.length;
  }
  return withValidity({ type, length, values: target }, validity);
}
