import {
  Binary, Bool, type Data, Field, FixedSizeList, Float32, Float64, Int16, Int32, Int64, Int8, List, makeData, Null, RecordBatch, Schema as ArrowSchema,
  Struct, Table, TimestampMillisecond, Type, Uint16, Uint32, Uint64, Uint8, Utf8, Vector, type DataType,
} from "apache-arrow";
import { fromJsonText, typeOfJsonText } from "./arrow-exact-text.ts";
import { arrowField, exactName, extensionMetadata, extensionName, imageExtension, nameless, namedField, type ArrowField, type ArrowType } from "./arrow-layout.ts";
import { valuesOfVector } from "./arrow-values.ts";
import { createBlock, type Block } from "./block.ts";
import { elementsPerRow, type ColumnType } from "./column-type.ts";
import type { Column } from "./column.ts";
import type { NumberKind, TypedArray } from "./typed-array.ts";

const numberTypes: Record<NumberKind, () => DataType> = {
  int8: () => new Int8(), int16: () => new Int16(), int32: () => new Int32(), int64: () => new Int64(),
  uint8: () => new Uint8(), uint16: () => new Uint16(), uint32: () => new Uint32(), uint64: () => new Uint64(),
  float32: () => new Float32(), float64: () => new Float64(),
};

/** A block as an Arrow table; numbers and tensors share their memory with it. */
export function tableFromBlock(block: Block): Table {
  const entries = Object.entries(block.columns).map(([name, column]) => arrowColumn(name, column));
  const schema = new ArrowSchema(entries.map(([field]) => field));
  const data = makeData({ type: new Struct(schema.fields), length: block.rows, nullCount: 0, children: entries.map(([, child]) => child) });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

function arrowColumn(name: string, column: Column): [Field, Data] {
  if (column.type.kind !== "arrow") return fieldOf(arrowField(name, column));
  const data = mergeData(column.values as unknown as Vector);
  const named = namedField(name);
  return [new Field(named.name, data.type, true, named.metadata), data];
}

function fieldOf({ name, nullable, metadata, array }: ArrowField): [Field, Data] {
  const { type, children = [], length, nullCount, nullBitmap, valueOffsets, data } = array;
  const parts = children.map(fieldOf);
  const made = dataType(type, parts.map(([field]) => field));
  const values = makeData({
    type: made, length, nullCount, ...(nullBitmap && { nullBitmap }), ...(valueOffsets && { valueOffsets }), ...(data && { data }),
    ...(type.kind === "struct" ? { children: parts.map(([, child]) => child) } : parts.length > 0 && { child: parts[0]?.[1] }),
  } as never) as Data;
  return [new Field(name, made, nullable, new Map(metadata)), values];
}

function dataType(type: ArrowType, children: readonly Field[]): DataType {
  switch (type.kind) {
    case "null": return new Null();
    case "bool": return new Bool();
    case "timestamp": return new TimestampMillisecond();
    case "utf8": return new Utf8();
    case "binary": return new Binary();
    case "list": return new List(children[0] as Field);
    case "struct": return new Struct([...children]);
    case "tensor": return new FixedSizeList(type.perRow, children[0] as Field);
    default: return numberTypes[type.kind]();
  }
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
export function columnFromVector(field: Field, vector: Vector): Column {
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

export function columnType(field: Field): ColumnType {
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

function tensorShape(field: Field, listSize: number): readonly number[] {
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
function readTexts(field: Field, type: ColumnType, values: unknown[]): unknown[] {
  if (typeOfJsonText(field) !== undefined) return values.map((value) => (typeof value === "string" ? fromJsonText(value, type) : value));
  if (type.kind !== "json" || field.metadata.get(extensionName) !== "arrow.json") return values;
  return values.map((value) => (typeof value === "string" ? (JSON.parse(value.replace(/^\ufeff/, "")) as unknown) : value));
}
