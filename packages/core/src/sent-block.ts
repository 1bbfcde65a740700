import { arrowCode, loadArrow } from "./arrow-code.ts";
import type { Block } from "./block.ts";
import { columnFromValues } from "./column-from-values.ts";
import type { Column } from "./column.ts";
import { jsonSafe } from "./json-safe.ts";
import type { Span } from "./lineage.ts";
import type { RasterImage } from "./raster-image.ts";
import { allocate, isTypedArray, type NumberKind, type TypedArray } from "./typed-array.ts";

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
  /** JSON cells as they are, and not as text. */
  readonly parsed?: true;
}

/** Waits for the code for Arrow where a block needs it that is to be packed or unpacked, and it is not there; nothing to wait for otherwise. */
export function arrowFor(block: Block | SentBlock): Promise<void> | undefined {
  const needed = "arrow" in block || Object.values(block.columns).some((column) => column.type.kind === "arrow");
  return needed ? loadArrow() : undefined;
}

/**
 * A block as it is sent. It comes out as it would from Arrow bytes.
 * @param moves for another thread of this process: gets the memory of what is sent, to be moved there. None of it is the block's. Text and JSON go as they are, for such a channel takes whatever cells hold: bigints too
 * @throws what a value throws that can't be read; `arrow-not-loaded`, see {@link arrowFor}
 */
export function packBlock(block: Block, moves?: ArrayBuffer[]): SentBlock {
  if (Object.values(block.columns).some((column) => column.type.kind === "arrow")) {
    const arrow = arrowCode().encodeBlock(block);
    moves?.push(arrow.buffer);
    return { arrow };
  }
  const columns = mapColumns(block.columns, (column) => packColumn(column, moves !== undefined));
  if (moves !== undefined) for (const { values, validity, offsets, sizes } of Object.values(columns)) for (const array of [values, validity, offsets, sizes]) if (isTypedArray(array)) moves.push(array.buffer as ArrayBuffer);
  return { rows: block.rows, columns, lineage: block.lineage };
}

/** @throws `arrow-not-loaded`, see {@link arrowFor}; `bad-block` */
export function unpackBlock(sent: SentBlock): Block {
  if ("arrow" in sent) return arrowCode().decodeBlock(aligned(sent.arrow));
  return { rows: sent.rows, columns: mapColumns(sent.columns, unpackColumn), lineage: sent.lineage };
}

function packColumn(column: Column, isMoved: boolean): SentColumn {
  const { type, length, validity } = column;
  const own = isMoved ? copied : ownOf;
  const valid = validity?.includes(0) === true ? { validity: own(validity) } : {};
  const rows = column.values as readonly unknown[];
  switch (type.kind) {
    case "null": return { type, length, values: [] };
    case "utf8": return { type, length, values: isMoved ? rows : textsOf(rows) };
    case "json": return isMoved ? { type, length, values: rows, parsed: true } : { type, length, values: rows.map((row) => (row === null || row === undefined ? null : (JSON.stringify(row, jsonSafe) ?? null))) };
    case "binary": return { type, length, ...packRows(rows as (Uint8Array | null)[], "uint8") };
    case "image": return packImages(column, rows as (RasterImage | null)[]);
    case "list": return isMoved && type.element === "utf8" ? { type, length, values: rows } : packList(column, rows as (ArrayLike<unknown> | null)[], type.element);
    default: return { type, length, values: own(column.values as TypedArray), ...valid };
  }
}

function textsOf(values: readonly unknown[]): readonly unknown[] {
  return values.every((value) => typeof value === "string" || value === null) ? values : values.map(textOf);
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** A view would take its whole buffer along, to some realms, and memory that is shared would stay so. */
function ownOf<A extends TypedArray>(array: A): A {
  return array.byteLength === array.buffer.byteLength && array.buffer instanceof ArrayBuffer ? array : copied(array);
}

function copied<A extends TypedArray>(array: A): A {
  return array.slice() as A;
}

function packRows(rows: readonly (TypedArray | null)[], kind: NumberKind): Pick<SentColumn, "values" | "offsets"> {
  let size = 0;
  for (const row of rows) if (row !== null) size += row.length;
  const values = allocate(kind, size);
  const offsets = new Float64Array(2 * rows.length);
  let at = 0;
  rows.forEach((row, index) => {
    offsets[2 * index] = row === null ? -1 : at;
    if (row === null) return;
    values.set(row as never, at);
    at += row.length;
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
  if (element === "utf8") return { type, length, values: rows.map((row) => row && textsOf(Array.isArray(row) ? row : Array.from(row))) };
  const { constructor } = allocate(element, 0);
  const isOfKind = (row: ArrayLike<unknown> | null): boolean => row === null || (row as object).constructor === constructor;
  if (rows.every(isOfKind)) return { type, length, ...packRows(rows as (TypedArray | null)[], element) };
  const items = rows.map((row) => (row === null || isOfKind(row) ? (row as TypedArray | null) : numbersOf(row, element)));
  return items.some(Array.isArray) ? { type, length, values: items } : { type, length, ...packRows(items as (TypedArray | null)[], element) };
}

/** A row's numbers in the array of their kind; in a plain one where some are missing. */
function numbersOf(row: ArrayLike<unknown>, kind: NumberKind): TypedArray | unknown[] {
  const { values, validity } = columnFromValues(Array.from(row), { kind });
  return validity === undefined ? (values as TypedArray) : Array.from(values as Float64Array, (value, at) => (validity[at] === 0 ? null : value));
}

function unpackColumn({ offsets, sizes, parsed, ...column }: SentColumn): Column {
  const { type, length } = column;
  if (type.kind === "json" && parsed !== true) return { type, length, values: (column.values as (string | null)[]).map((text) => (text === null ? null : (JSON.parse(text) as unknown))) };
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
