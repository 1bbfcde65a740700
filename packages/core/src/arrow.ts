import {
  Binary, Bool, type Data, Field as ArrowField, FixedSizeList, Float32, Float64, Int16, Int32, Int64, Int8, List, makeData, Null, RecordBatch, Schema as ArrowSchema,
  Struct, Table, TimestampMillisecond, Type, Uint16, Uint32, Uint64, Uint8, Utf8, Vector, type DataType,
} from "apache-arrow";
import { fromJsonText, typeOfJsonText } from "./arrow-exact-text.ts";
import { valuesOfVector } from "./arrow-values.ts";
import { createBlock, type Block } from "./block.ts";
import { columnFromValues } from "./column-from-values.ts";
import { elementsPerRow, type ColumnType } from "./column-type.ts";
import type { Column } from "./column.ts";
import { jsonSafe } from "./json-safe.ts";
import type { RasterImage } from "./raster-image.ts";
import { allocate, type NumberKind, type TypedArray } from "./typed-array.ts";
import { utf8Buffers } from "./utf8.ts";

const numberTypes: Record<NumberKind, () => DataType> = {
  int8: () => new Int8(), int16: () => new Int16(), int32: () => new Int32(), int64: () => new Int64(),
  uint8: () => new Uint8(), uint16: () => new Uint16(), uint32: () => new Uint32(), uint64: () => new Uint64(),
  float32: () => new Float32(), float64: () => new Float64(),
};

/** Arrow's canonical extension names, kept in the field's metadata. */
const extensionName = "ARROW:extension:name";
const extensionMetadata = "ARROW:extension:metadata";
const imageExtension = "shoal.image";
/** In the metadata of a field whose name is "". */
const nameless = "shoal.nameless";
/** In the metadata of a field whose name would come back as another one, perhaps that of another column: the name as JSON. */
const exactName = "shoal.name";

/** A block as an Arrow table; numbers and tensors share their memory with it. */
export function tableFromBlock(block: Block): Table {
  const entries = Object.entries(block.columns).map(([name, column]) => arrowColumn(name, column));
  const schema = new ArrowSchema(entries.map(([field]) => field));
  const data = makeData({ type: new Struct(schema.fields), length: block.rows, nullCount: 0, children: entries.map(([, child]) => child) });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

function arrowColumn(name: string, column: Column): [ArrowField, Data] {
  const data = arrowData(column);
  const metadata = new Map<string, string>(name === "" ? [[nameless, ""]] : []);
  const written = writtenName(name);
  if (written !== name) metadata.set(exactName, JSON.stringify(name));
  if (column.type.kind === "tensor") {
    metadata.set(extensionName, "arrow.fixed_shape_tensor").set(extensionMetadata, JSON.stringify({ shape: column.type.shape }));
  } else if (column.type.kind === "image") {
    metadata.set(extensionName, imageExtension).set(extensionMetadata, "");
  } else if (column.type.kind === "json") {
    metadata.set(extensionName, "arrow.json").set(extensionMetadata, "");
  }
  return [new ArrowField(written, data.type, true, metadata), data];
}

/** With escapes for halves of surrogate pairs, which UTF-8 can't hold, and for a byte order mark at the beginning, which apache-arrow takes away. */
function writtenName(name: string): string {
  const escaped = name.isWellFormed() ? name : JSON.stringify(name).slice(1, -1);
  return escaped.replace(/^\ufeff/, "\\ufeff");
}

function arrowData(column: Column): Data {
  const { type, length } = column;
  const values = column.values as TypedArray;
  const nulls = { length, ...nullBitmap(column) };
  switch (type.kind) {
    case "null": return makeData({ type: new Null(), length });
    case "bool": return makeData({ type: new Bool(), ...nulls, data: packBits(values as Uint8Array) });
    case "timestamp": return makeData({ type: new TimestampMillisecond(), ...nulls, data: BigInt64Array.from(values as Float64Array, (ms) => BigInt(Math.trunc(Number.isNaN(ms) ? 0 : ms))) });
    case "tensor": return tensorData(column, type.element, nulls);
    case "utf8": return makeData({ type: new Utf8(), ...nulls, ...utf8Buffers(column.values as (string | null)[]) });
    case "json": return makeData({ type: new Utf8(), ...nulls, ...utf8Buffers((column.values as unknown[]).map((value) => (value === null ? null : JSON.stringify(value, jsonSafe)))) });
    case "binary": return makeData({ type: new Binary(), ...nulls, ...joinBytes(column.values as (Uint8Array | null)[]) });
    case "image": return imageData(column.values as (RasterImage | null)[], nulls);
    case "list": return listData(column, type.element, nulls);
    case "arrow": return mergeData(column.values as unknown as Vector);
    default: return makeData({ type: numberTypes[type.kind]() as never, ...nulls, data: values as never }) as Data;
  }
}

function tensorData(column: Column, element: NumberKind, nulls: { length: number }): Data {
  const perRow = elementsPerRow(column.type);
  const child = makeData({ type: numberTypes[element]() as never, length: column.length * perRow, nullCount: 0, data: column.values as never }) as Data;
  return makeData({ type: new FixedSizeList(perRow, new ArrowField("item", child.type, false)), ...nulls, child } as never) as Data;
}

function listData(column: Column, element: NumberKind | "utf8", nulls: { length: number }): Data {
  const rows = column.values as (ArrayLike<unknown> | null)[];
  const valueOffsets = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => (valueOffsets[at + 1] = (valueOffsets[at] as number) + (row?.length ?? 0)));
  const child = arrowData(listItems(rows, element, valueOffsets));
  return makeData({ type: new List(new ArrowField("item", child.type, true)), ...nulls, valueOffsets, child } as never) as Data;
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

/** A struct of the bytes and the three sizes. */
function imageData(images: readonly (RasterImage | null)[], nulls: { length: number }): Data {
  const sizes = (["width", "height", "channels"] as const).map((name) => {
    const data = Int32Array.from(images, (image) => image?.[name] ?? 0);
    return [new ArrowField(name, new Int32(), false), makeData({ type: new Int32(), length: images.length, nullCount: 0, data })] as const;
  });
  const bytes = makeData({ type: new Binary(), length: images.length, nullCount: 0, ...joinBytes(images.map((image) => image?.data ?? null)) });
  const children = [...sizes, [new ArrowField("data", bytes.type, false), bytes] as const];
  return makeData({ type: new Struct(children.map(([field]) => field)), ...nulls, children: children.map(([, child]) => child) } as never) as Data;
}

function nullBitmap(column: Column): { nullCount: number; nullBitmap?: Uint8Array } {
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
  const valueOffsets = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => (valueOffsets[at + 1] = (valueOffsets[at] as number) + (row?.length ?? 0)));
  const data = new Uint8Array(valueOffsets[rows.length] as number);
  rows.forEach((row, at) => row !== null && data.set(row, valueOffsets[at]));
  return { valueOffsets, data };
}

/** One run of data for a vector that may be made of several. */
function mergeData(vector: Vector): Data {
  if (vector.data.length === 1) return vector.data[0] as Data;
  return vector.memoize().data[0] as Data;
}

/** An Arrow table as a block. Dictionaries are decoded; half floats become float32; what JavaScript has no form for stays Arrow. */
export function blockFromTable(table: Table): Block {
  const columns: Record<string, Column> = {};
  table.schema.fields.forEach((field, at) => {
    columns[columnName(field)] = columnFromVector(field, table.getChildAt(at) as Vector);
  });
  return createBlock(columns, [], table.numRows);
}

/** The name "" is not written down where other names are, and apache-arrow reads "null" for it: we note that it is meant. */
export function columnName({ name, metadata }: { readonly name: string | null; readonly metadata: ReadonlyMap<string, string> }): string {
  if (metadata.has(nameless)) return "";
  const exact = metadata.get(exactName);
  return exact === undefined ? (name ?? "") : String(JSON.parse(exact));
}

/** One Arrow vector as a column. */
export function columnFromVector(field: ArrowField, vector: Vector): Column {
  const declared = columnType(field);
  // A tensor has no place for a missing number.
  const holes = declared.kind === "tensor" && vector.data.some((data) => (data.children[0]?.nullCount ?? 0) > 0);
  const type: ColumnType = holes ? { kind: "list", element: declared.element } : declared;
  const length = vector.length;
  const validity = vector.nullCount === 0 ? undefined : Uint8Array.from({ length }, (_, row) => Number(vector.isValid(row)));
  const optional = validity === undefined ? {} : { validity };
  switch (type.kind) {
    case "null": return { type, length, values: [] };
    case "arrow": return { type, length, values: vector };
    case "utf8": case "json": case "image": return { type, length, values: readTexts(field, type, valuesOfVector(vector)) };
    case "binary": return { type, length, values: Array.from({ length }, (_, row) => vector.get(row) as unknown) };
    case "list": {
      if (type.element === "utf8") return { type, length, values: readTexts(field, type, valuesOfVector(vector)) };
      return { type, length, values: Array.from({ length }, (_, row) => numbersOf(vector.get(row) as Vector | null)) };
    }
    case "bool": return { type, length, values: Uint8Array.from({ length }, (_, row) => Number(vector.get(row) ?? 0)), ...optional };
    case "timestamp": return { type, length, values: Float64Array.from({ length }, (_, row) => Number(vector.get(row) ?? 0)), ...optional };
    case "tensor": return { type, length, values: flatTensor(vector, elementsPerRow(type)), ...optional };
    default: return { type, length, values: vector.toArray() as TypedArray, ...optional };
  }
}

export function columnType(field: ArrowField): ColumnType {
  const type = (field.type.typeId === Type.Dictionary ? (field.type as unknown as { dictionary: DataType }).dictionary : field.type) as DataType;
  const number = numberKind(type);
  if (number !== undefined) return field.type.typeId === Type.Dictionary ? { kind: "json" } : { kind: number };
  switch (type.typeId) {
    case Type.Null: return { kind: "null" };
    case Type.Bool: return { kind: "bool" };
    case Type.Utf8: case Type.LargeUtf8: return typeOfJsonText(field) ?? { kind: field.metadata.get(extensionName) === "arrow.json" ? "json" : "utf8" };
    case Type.Binary: case Type.LargeBinary: case Type.FixedSizeBinary: return { kind: "binary" };
    case Type.Timestamp: case Type.Date: return { kind: "timestamp" };
    case Type.FixedSizeList: {
      const list = type as FixedSizeList;
      const element = numberKind(list.children[0]?.type as DataType);
      if (element !== undefined) return { kind: "tensor", element, shape: tensorShape(field, list.listSize) };
      return { kind: "json" };
    }
    case Type.List: {
      const item = (type as List).children[0]?.type as DataType;
      const element = item.typeId === Type.Utf8 ? "utf8" : numberKind(item);
      return element === undefined ? { kind: "json" } : { kind: "list", element };
    }
    case Type.Struct: return { kind: field.metadata.get(extensionName) === imageExtension ? "image" : "json" };
    default: return { kind: "arrow", name: type.toString() as string };
  }
}

function numberKind(type: DataType): NumberKind | undefined {
  if (type.typeId === Type.Int) {
    const { bitWidth, isSigned } = type as unknown as { bitWidth: number; isSigned: boolean };
    return `${isSigned ? "int" : "uint"}${bitWidth}` as NumberKind;
  }
  if (type.typeId === Type.Float) return (["float32", "float32", "float64"] as const)[(type as unknown as { precision: number }).precision];
  return undefined;
}

function tensorShape(field: ArrowField, listSize: number): readonly number[] {
  if (field.metadata.get(extensionName) !== "arrow.fixed_shape_tensor") return [listSize];
  const { shape } = JSON.parse(field.metadata.get(extensionMetadata) ?? "{}") as { shape?: number[] };
  return Array.isArray(shape) && shape.reduce((product, size) => product * size, 1) === listSize ? shape : [listSize];
}

function flatTensor(vector: Vector, perRow: number): TypedArray {
  const runs = vector.data.map((data) => (new Vector([data.children[0] as Data]).toArray() as TypedArray).subarray(data.offset * perRow, (data.offset + data.length) * perRow));
  if (runs.length === 1) return runs[0] as TypedArray;
  const first = runs[0] as TypedArray;
  const flat = new (first.constructor as new (length: number) => TypedArray)(runs.reduce((sum, run) => sum + run.length, 0));
  let at = 0;
  for (const run of runs) {
    flat.set(run as never, at);
    at += run.length;
  }
  return flat;
}

function numbersOf(vector: Vector | null): unknown {
  if (vector === null) return null;
  return vector.nullCount === 0 ? vector.toArray() : Array.from(vector as Iterable<unknown>);
}

/** What is written as JSON is text until it is read. */
function readTexts(field: ArrowField, type: ColumnType, values: unknown[]): unknown[] {
  if (typeOfJsonText(field) !== undefined) return values.map((value) => (typeof value === "string" ? fromJsonText(value, type) : value));
  if (type.kind !== "json" || field.metadata.get(extensionName) !== "arrow.json") return values;
  return values.map((value) => (typeof value === "string" ? (JSON.parse(value.replace(/^\ufeff/, "")) as unknown) : value));
}
