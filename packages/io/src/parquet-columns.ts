import { allocate, isTypedArray, type Column, type ColumnType, type NumberKind } from "@shoal/core";
import type { DecodedArray } from "hyparquet";

/** What hyparquet decoded, as a column of the type that the file's schema declares. */
export function columnOfParquet(data: DecodedArray, type: ColumnType): Column {
  const length = data.length;
  switch (type.kind) {
    case "utf8": return { type, length, values: Array.from(data, textOf) };
    case "binary": case "json": return { type, length, values: Array.from(data as unknown[], (value) => value ?? null) };
    case "list": return { type, length, values: Array.from(data as unknown[], (row) => listRow(row, type.element)) };
    case "tensor": return tensorOf(data as unknown[], type);
    case "bool": case "timestamp": return numbersOf(data, type, type.kind);
    case "null": case "arrow": case "image": throw new TypeError(`parquet has no ${type.kind}`);
    default: return numbersOf(data, type, type.kind);
  }
}

function numbersOf(data: DecodedArray, type: ColumnType, kind: NumberKind | "bool" | "timestamp"): Column {
  const length = data.length;
  const values = allocate(kind, length);
  if (isTypedArray(data) && data.constructor === values.constructor) return { type, length, values: data };
  let validity: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const value = data[row] as unknown;
    if (value === null || value === undefined) {
      validity ??= new Uint8Array(length).fill(1);
      validity[row] = 0;
    } else {
      // A boolean and a Date both become the number they stand for.
      values[row] = (typeof value === "bigint" ? value : Number(value)) as never;
    }
  }
  return { type, length, values, ...(validity === undefined ? {} : { validity }) };
}

function listRow(row: unknown, element: NumberKind | "utf8"): unknown {
  if (row === null || row === undefined) return null;
  const items = row as unknown[];
  if (element === "utf8") return Array.from(items, textOf);
  if (items.some((item) => item === null || item === undefined)) return Array.from(items, (item) => item ?? null);
  const values = allocate(element, items.length);
  values.set(items as never);
  return values;
}

// A byte order mark at a value's beginning is part of it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text as it was written, where hyparquet decodes it: in columns of text, and in nested ones. */
export function textFromBytes(bytes: Uint8Array | undefined): string {
  // An absent value stays one.
  return (bytes && decoder.decode(bytes)) as string;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

function tensorOf(rows: readonly unknown[], type: ColumnType & { kind: "tensor" }): Column {
  const perRow = type.shape.reduce((product, size) => product * size, 1);
  const values = allocate(type.element, rows.length * perRow);
  let validity: Uint8Array | undefined;
  rows.forEach((row, at) => {
    if (row === null || row === undefined) {
      validity ??= new Uint8Array(rows.length).fill(1);
      validity[at] = 0;
    } else {
      const items = row as ArrayLike<unknown>;
      if (items.length !== perRow) throw new RangeError(`a fixed-size list of ${perRow} items has ${items.length} in row ${at}`);
      values.set(items as never, at * perRow);
    }
  });
  return { type, length: rows.length, values, ...(validity === undefined ? {} : { validity }) };
}
