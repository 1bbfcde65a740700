import { arrowCode, loadArrow } from "./arrow-code.ts";
import type { Block } from "./block.ts";
import { columnFromValues } from "./column-from-values.ts";
import type { Column } from "./column.ts";
import { encodeBlock } from "./encode-block.ts";
import { jsonSafe } from "./json-safe.ts";
import type { Span } from "./lineage.ts";
import type { RasterImage } from "./raster-image.ts";
import { allocate, type NumberKind, type TypedArray } from "./typed-array.ts";

/**
 * A block as it crosses to another realm of this machine: what every channel can clone. Its columns, and not Arrow bytes: cloning 4,096 rows of text takes
 * 0.5 ms where Arrow bytes take 9, a tensor of 384 floats 1.5 ms against 7. Arrow bytes where a column is an Arrow vector, which can't be cloned.
 */
export type SentBlock =
  | { readonly rows: number; readonly columns: Readonly<Record<string, SentColumn>>; readonly lineage: readonly Span[] }
  | { readonly arrow: Uint8Array<ArrayBuffer> };

interface SentColumn extends Column {
  /** Where each row of `values` begins and ends, for rows that are arrays: thousands of small ones are slow to clone. −1 for a missing row. */
  readonly offsets?: Float64Array;
  /** Width, height and channels of each image. */
  readonly sizes?: Int32Array;
}

/** Waits for the code for Arrow where a block needs it that is to be packed or unpacked, and it is not there; nothing to wait for otherwise. */
export function arrowFor(block: Block | SentBlock): Promise<void> | undefined {
  const needed = "arrow" in block || Object.values(block.columns).some((column) => column.type.kind === "arrow");
  return needed ? loadArrow() : undefined;
}

/**
 * A block as it is sent. It comes out as it would from Arrow bytes.
 * @throws what a value throws that can't be read; `arrow-not-loaded`, see {@link arrowFor}
 */
export function packBlock(block: Block): SentBlock {
  if (Object.values(block.columns).some((column) => column.type.kind === "arrow")) return { arrow: encodeBlock(block) };
  return { rows: block.rows, columns: mapColumns(block.columns, packColumn), lineage: block.lineage };
}

/** @throws `arrow-not-loaded`, see {@link arrowFor}; `bad-block` */
export function unpackBlock(sent: SentBlock): Block {
  if ("arrow" in sent) return arrowCode().decodeBlock(aligned(sent.arrow));
  return { rows: sent.rows, columns: mapColumns(sent.columns, unpackColumn), lineage: sent.lineage };
}

function packColumn(column: Column): SentColumn {
  const { type, length, validity } = column;
  const valid = validity?.includes(0) === true ? { validity: own(validity) } : {};
  const rows = column.values as readonly unknown[];
  switch (type.kind) {
    case "null": return { type, length, values: [] };
    case "utf8": return { type, length, values: rows.every((row) => typeof row === "string" || row === null) ? rows : rows.map(textOf) };
    case "json": return { type, length, values: rows.map((row) => (row === null || row === undefined ? null : (JSON.stringify(row, jsonSafe) ?? null))) };
    case "binary": return { type, length, ...packRows(rows as (Uint8Array | null)[], "uint8") };
    case "image": return packImages(column, rows as (RasterImage | null)[]);
    case "list": return packList(column, rows as (ArrayLike<unknown> | null)[], type.element);
    default: return { type, length, values: own(column.values as TypedArray), ...valid };
  }
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** A view would take its whole buffer along, to some realms, and memory that is shared would stay so. */
function own<A extends TypedArray>(array: A): A {
  return array.byteLength === array.buffer.byteLength && array.buffer instanceof ArrayBuffer ? array : (array.slice() as A);
}

function packRows(rows: readonly (TypedArray | null)[], kind: NumberKind): Pick<SentColumn, "values" | "offsets"> {
  const values = allocate(kind, rows.reduce((sum, row) => sum + (row?.length ?? 0), 0));
  const offsets = new Float64Array(2 * rows.length);
  let at = 0;
  rows.forEach((row, index) => {
    offsets[2 * index] = row === null ? -1 : at;
    if (row !== null) values.set(row as never, at);
    at += row?.length ?? 0;
    offsets[2 * index + 1] = at;
  });
  return { values, offsets };
}

function packImages({ type, length }: Column, images: readonly (RasterImage | null)[]): SentColumn {
  const sizes = new Int32Array(3 * length);
  images.forEach((image, row) => image !== null && sizes.set([image.width, image.height, image.channels], 3 * row));
  return { type, length, sizes, ...packRows(images.map((image) => image?.data ?? null), "uint8") };
}

function packList({ type, length }: Column, rows: readonly (ArrayLike<unknown> | null)[], element: NumberKind | "utf8"): SentColumn {
  if (element === "utf8") return { type, length, values: rows.map((row) => row && Array.from(row, textOf)) };
  const items = rows.map((row) => row && numbersOf(row, element));
  return items.some(Array.isArray) ? { type, length, values: items } : { type, length, ...packRows(items as (TypedArray | null)[], element) };
}

/** A row's numbers in the array of their kind; in a plain one where some are missing. */
function numbersOf(row: ArrayLike<unknown>, kind: NumberKind): TypedArray | unknown[] {
  if ((row as object).constructor === allocate(kind, 0).constructor) return row as TypedArray;
  const { values, validity } = columnFromValues(Array.from(row), { kind });
  return validity === undefined ? (values as TypedArray) : Array.from(values as Float64Array, (value, at) => (validity[at] === 0 ? null : value));
}

function unpackColumn({ offsets, sizes, ...column }: SentColumn): Column {
  const { type, length } = column;
  if (type.kind === "json") return { type, length, values: (column.values as (string | null)[]).map((text) => (text === null ? null : (JSON.parse(text) as unknown))) };
  if (offsets === undefined) return column;
  const flat = column.values as TypedArray;
  const rows = Array.from({ length }, (_, row) => ((offsets[2 * row] as number) < 0 ? null : flat.subarray(offsets[2 * row], offsets[2 * row + 1])));
  if (sizes === undefined) return { ...column, values: rows };
  const [width, height, channels] = [0, 1, 2].map((part) => (row: number) => sizes[3 * row + part] as number) as [(row: number) => number, (row: number) => number, (row: number) => number];
  return { type, length, values: rows.map((data, row) => data && { width: width(row), height: height(row), channels: channels(row), data }) };
}

/** Arrow makes typed arrays over bytes as they lie, which wants them aligned; a process channel gives views at any offset. */
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function mapColumns<A, B>(columns: Readonly<Record<string, A>>, change: (column: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, change(column)]));
}
