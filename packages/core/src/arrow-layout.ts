import { columnFromValues } from "./column-from-values.ts";
import { elementsPerRow } from "./column-type.ts";
import type { Column } from "./column.ts";
import { jsonSafe } from "./json-safe.ts";
import type { RasterImage } from "./raster-image.ts";
import { allocate, type NumberKind, type TypedArray } from "./typed-array.ts";
import { utf8Buffers } from "./utf8.ts";
import { isWellFormed } from "./well-formed.ts";

/** A column as Arrow lays it out in memory; made without apache-arrow, which is some hundred and fifty modules. Numbers share their memory with the column. */
export interface ArrowArray {
  readonly type: ArrowType;
  readonly length: number;
  readonly nullCount: number;
  /** Absent where nothing is missing. */
  readonly nullBitmap?: Uint8Array;
  readonly valueOffsets?: Int32Array;
  readonly data?: TypedArray;
  readonly children?: readonly ArrowField[];
}

export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly array: ArrowArray;
}

/** `timestamp`: milliseconds. */
export type ArrowType = { readonly kind: "null" | "bool" | "timestamp" | "utf8" | "binary" | "list" | "struct" | NumberKind } | { readonly kind: "tensor"; readonly perRow: number };

/** Arrow's canonical extension names, kept in the field's metadata. */
export const extensionName = "ARROW:extension:name";
export const extensionMetadata = "ARROW:extension:metadata";
export const imageExtension = "shoal.image";
/** In the metadata of a field whose name is "". */
export const nameless = "shoal.nameless";

/** In the metadata of a field whose name would come back as another one, perhaps that of another column: the name as JSON. */
export const exactName = "shoal.name";

const noMetadata: ReadonlyMap<string, string> = new Map();

/** A column that is no Arrow vector, as an Arrow field. */
export function arrowField(name: string, column: Column): ArrowField {
  const { type } = column;
  const { name: written, metadata } = namedField(name);
  if (type.kind === "tensor") metadata.set(extensionName, "arrow.fixed_shape_tensor").set(extensionMetadata, JSON.stringify({ shape: type.shape }));
  else if (type.kind === "image") metadata.set(extensionName, imageExtension).set(extensionMetadata, "");
  else if (type.kind === "json") metadata.set(extensionName, "arrow.json").set(extensionMetadata, "");
  return { name: written, nullable: true, metadata, array: arrowArray(column) };
}

/** A column's name as it is written, and what is noted of it. */
export function namedField(name: string): { readonly name: string; readonly metadata: Map<string, string> } {
  if (name === "") return { name, metadata: new Map([[nameless, ""]]) };
  const written = writtenName(name);
  return { name: written, metadata: new Map(written === name ? [] : [[exactName, JSON.stringify(name)]]) };
}

/** With escapes for halves of surrogate pairs, which UTF-8 can't hold, and for a byte order mark at the beginning, which apache-arrow takes away. */
function writtenName(name: string): string {
  const escaped = isWellFormed(name) ? name : JSON.stringify(name).slice(1, -1);
  return escaped.replace(/^\ufeff/, "\\ufeff");
}

function arrowArray(column: Column): ArrowArray {
  const { type, length } = column;
  if (type.kind === "null") return { type: { kind: "null" }, length, nullCount: length };
  const nulls = { length, ...nullBitmap(column) };
  const values = column.values as readonly never[];
  switch (type.kind) {
    case "bool": return { type: { kind: "bool" }, ...nulls, data: packBits(values as unknown as Uint8Array) };
    case "timestamp": return { type: { kind: "timestamp" }, ...nulls, data: BigInt64Array.from(values as unknown as Float64Array, (ms) => BigInt(Math.trunc(Number.isNaN(ms) ? 0 : ms))) };
    case "tensor": return tensorArray(column, type.element, nulls);
    case "utf8": return { type: { kind: "utf8" }, ...nulls, ...utf8Buffers(values as readonly (string | null)[]) };
    case "json": return { type: { kind: "utf8" }, ...nulls, ...utf8Buffers((values as readonly unknown[]).map((value) => (value === null ? null : JSON.stringify(value, jsonSafe)))) };
    case "binary": return { type: { kind: "binary" }, ...nulls, ...joinBytes(values as readonly (Uint8Array | null)[]) };
    case "image": return imageArray(values as readonly (RasterImage | null)[], nulls);
    case "list": return listArray(values as readonly (ArrayLike<unknown> | null)[], type.element, nulls);
    case "arrow": throw new TypeError("an Arrow vector has its layout already");
    default: return { type: { kind: type.kind }, ...nulls, data: column.values as TypedArray };
  }
}

type Nulls = Pick<ArrowArray, "length" | "nullCount" | "nullBitmap">;

function tensorArray(column: Column, element: NumberKind, nulls: Nulls): ArrowArray {
  const perRow = elementsPerRow(column.type);
  const items: ArrowArray = { type: { kind: element }, length: column.length * perRow, nullCount: 0, data: column.values as TypedArray };
  return { type: { kind: "tensor", perRow }, ...nulls, children: [{ name: "item", nullable: false, metadata: noMetadata, array: items }] };
}

function listArray(rows: readonly (ArrayLike<unknown> | null)[], element: NumberKind | "utf8", nulls: Nulls): ArrowArray {
  const valueOffsets = offsetsOf(rows);
  const items = arrowArray(listItems(rows, element, valueOffsets));
  return { type: { kind: "list" }, ...nulls, valueOffsets, children: [{ name: "item", nullable: true, metadata: noMetadata, array: items }] };
}

/** The items of all rows as one column; typed rows of the very kind are copied as they are. */
function listItems(rows: readonly (ArrayLike<unknown> | null)[], element: NumberKind | "utf8", offsets: Int32Array): Column {
  const length = offsets[rows.length] as number;
  if (element !== "utf8") {
    const values = allocate(element, length);
    if (rows.every((row) => row === null || (row as object).constructor === values.constructor)) {
      rows.forEach((row, at) => row !== null && values.set(row as never, offsets[at]));
      return { type: { kind: element }, length, values };
    }
  }
  const items: unknown[] = [];
  for (const row of rows) if (row !== null) for (let at = 0; at < row.length; at++) items.push(row[at]);
  return columnFromValues(items, { kind: element });
}

/** A struct of the three sizes and the bytes. */
function imageArray(images: readonly (RasterImage | null)[], nulls: Nulls): ArrowArray {
  const { length } = images;
  const part = (name: string, array: ArrowArray): ArrowField => ({ name, nullable: false, metadata: noMetadata, array });
  const sizes = (["width", "height", "channels"] as const).map((name) => part(name, { type: { kind: "int32" }, length, nullCount: 0, data: Int32Array.from(images, (image) => image?.[name] ?? 0) }));
  const bytes = part("data", { type: { kind: "binary" }, length, nullCount: 0, ...joinBytes(images.map((image) => image?.data ?? null)) });
  return { type: { kind: "struct" }, ...nulls, children: [...sizes, bytes] };
}

function nullBitmap(column: Column): Pick<ArrowArray, "nullCount" | "nullBitmap"> {
  const { validity, values, length } = column;
  const valid = validity ?? (Array.isArray(values) ? Uint8Array.from(values, (value) => Number(value !== null)) : withoutInvalidTimes(column));
  const nullCount = valid === undefined ? 0 : length - valid.reduce((sum, bit) => sum + bit, 0);
  return nullCount === 0 || valid === undefined ? { nullCount: 0 } : { nullCount, nullBitmap: packBits(valid) };
}

/** Milliseconds are whole numbers in Arrow: an invalid Date has none. */
function withoutInvalidTimes({ type, values }: Column): Uint8Array | undefined {
  if (type.kind !== "timestamp" || !(values as Float64Array).some(Number.isNaN)) return undefined;
  return Uint8Array.from(values as Float64Array, (ms) => Number(!Number.isNaN(ms)));
}

function packBits(bytes: Uint8Array): Uint8Array {
  // Arrow wants the bitmap padded to 8 bytes.
  const bits = new Uint8Array(Math.ceil(bytes.length / 64) * 8);
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
  return bits;
}

function joinBytes(rows: readonly (Uint8Array | null)[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = offsetsOf(rows);
  const data = new Uint8Array(valueOffsets[rows.length] as number);
  rows.forEach((row, at) => row !== null && data.set(row, valueOffsets[at]));
  return { valueOffsets, data };
}

function offsetsOf(rows: readonly (ArrayLike<unknown> | null)[]): Int32Array {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => (offsets[at + 1] = (offsets[at] as number) + (row?.length ?? 0)));
  return offsets;
}
