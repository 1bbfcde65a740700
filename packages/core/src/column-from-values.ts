import { columnValues, withValidity, type Column } from "./column.ts";
import { elementsPerRow, formatType, inferType, sameType, type ColumnType } from "./column-type.ts";
import { jsonForm } from "./json-form.ts";
import { preview } from "./preview.ts";
import { isRasterImage } from "./raster-image.ts";
import { ShoalError } from "./shoal-error.ts";
import { allocate, isTypedArray } from "./typed-array.ts";

/** Where values stand, for messages. */
export interface ValuesPlace {
  readonly column?: string;
  /** The number of the first value. Default 0. */
  readonly firstRow?: number;
}

/**
 * A column from plain values; `null` and `undefined` are missing rows, and so is an invalid Date among times. Nested values that are no JSON become it where they say how (`toJSON`).
 * @throws `wrong-type` when a value does not fit `type`, or is or holds something that JSON has no form for (Map, Set, RegExp, Error, a
 * function, itself …), naming row and column
 * @throws `inexact-number` when a bigint would lose digits: beyond 64 bits, or beside plain numbers and beyond 2^53
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
  const stored = storedForm(value, type, row, place);
  if (stored === undefined) throw wrongType(`${preview(value)} does not fit a column of type ${formatType(type)}`, row, place, "Make the values of the column alike in a step before this one.");
  return stored;
}

function withoutForm(value: unknown, what: string, row: number, place: ValuesPlace): never {
  const holds = what === "itself" ? "a value contains itself" : typeof value === "object" && Object.prototype.toString.call(value) === "[object Object]" ? `${preview(value)} holds ${what}` : `there is ${what}`;
  throw wrongType(`${holds}, which JSON has no form for`, row, place, "Make plain values of it in a step before this one (Object.fromEntries(map), [...set], error.message, await promise), or drop the column.");
}

function wrongType(what: string, row: number, place: ValuesPlace, hint: string): ShoalError {
  return errorAt("wrong-type", what, row, place, hint);
}

function inexact(value: bigint, why: string, row: number, place: ValuesPlace): ShoalError {
  return errorAt("inexact-number", `${value}n ${why}`, row, place, "Make the column all bigints of at most 64 bits, or all strings.");
}

function errorAt(code: string, what: string, row: number, { column, firstRow = 0 }: ValuesPlace, hint: string): ShoalError {
  const name = column === undefined ? {} : { column };
  return new ShoalError(code, `Row ${firstRow + row}${column === undefined ? "" : `, column "${column}"`}: ${what}.`, { hint, failure: "row", details: { row: firstRow + row, ...name } });
}

/** The value as a column of this type stores it, or undefined where it does not fit. @throws `inexact-number` */
function storedForm(value: unknown, type: ColumnType, row: number, place: ValuesPlace): unknown {
  switch (type.kind) {
    case "utf8": return typeof value === "string" ? value : value instanceof URL ? value.href : undefined;
    case "binary": return value instanceof Uint8Array ? value : undefined;
    case "image": return isRasterImage(value) ? value : undefined;
    case "bool": return typeof value === "boolean" ? Number(value) : undefined;
    case "timestamp": return value instanceof Date ? value.getTime() : typeof value === "number" ? value : undefined;
    case "int64": case "uint64": return typeof value === "bigint" ? exactBigInt(value, type.kind, row, place) : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    case "float32": case "float64": return typeof value === "number" ? value : typeof value === "bigint" ? exactNumber(value, row, place) : undefined;
    case "list": return isTypedArray(value) || Array.isArray(value) ? value : undefined;
    case "tensor": return (isTypedArray(value) || Array.isArray(value)) && value.length === elementsPerRow(type) ? value : undefined;
    case "json": case "null": case "arrow": return value;
    default: return Number.isInteger(value) ? value : undefined;
  }
}

function exactBigInt(value: bigint, kind: "int64" | "uint64", row: number, place: ValuesPlace): bigint {
  if (kind === "int64" ? BigInt.asIntN(64, value) === value : BigInt.asUintN(64, value) === value) return value;
  throw inexact(value, `does not fit 64 bits (${kind})`, row, place);
}

function exactNumber(value: bigint, row: number, place: ValuesPlace): number {
  if (BigInt(Number(value)) === value) return Number(value);
  throw inexact(value, "is not exact as a float64, which its column is because other rows hold plain numbers", row, place);
}

/** The same rows as another type. @throws `wrong-type` where a value does not fit. */
export function castColumn(column: Column, type: ColumnType): Column {
  return sameType(column.type, type) ? column : columnFromValues(columnValues(column), type);
}
