import { BinaryView, type Data, Type, Vector } from "apache-arrow";
import { isTypedArray } from "./typed-array.ts";

// apache-arrow's own decoder takes a byte order mark at a text's beginning away. Within a value it is part of it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The rows of a vector as plain values, nested ones too: text as it was written, structs and maps as objects, lists as arrays, `null` where a row is missing. */
export function valuesOfVector(vector: Vector): unknown[] {
  return vector.data.length === 1 ? valuesOf(vector.data[0] as Data) : vector.data.flatMap((data) => valuesOf(data as Data));
}

function valuesOf(data: Data): unknown[] {
  // A stream without rows has no data below its columns either.
  if (data.length === 0) return [];
  switch (data.typeId) {
    case Type.Utf8: case Type.LargeUtf8: return textsOf(data);
    case Type.Utf8View: return rowsOf(new Vector([data.clone(new BinaryView())]), (bytes) => decoder.decode(bytes as Uint8Array));
    case Type.List: return listsOf(data, valuesOf);
    case Type.Map: return listsOf(data, entriesOf).map((entries) => entries && Object.fromEntries(entries));
    case Type.FixedSizeList: {
      const items = valuesOf(data.children[0] as Data);
      return validRows(data, (row) => items.slice(row * data.stride, (row + 1) * data.stride));
    }
    case Type.Struct: {
      const fields = data.type.children.map(({ name }, at) => [name, valuesOf(data.children[at] as Data)] as const);
      return validRows(data, (row) => Object.fromEntries(fields.map(([name, values]) => [name, values[row]])));
    }
    case Type.Dictionary: {
      const entries = entriesOfDictionary(data.dictionary as Vector);
      const codes = data.values as ArrayLike<number | bigint>;
      return validRows(data, (row) => entries[Number(codes[row])]);
    }
    default: return rowsOf(new Vector([data]), plain);
  }
}

function textsOf(data: Data): (string | null)[] {
  const bytes = data.values as Uint8Array;
  const offsets = data.valueOffsets as ArrayLike<number | bigint>;
  return validRows(data, (row) => decoder.decode(bytes.subarray(Number(offsets[row]), Number(offsets[row + 1]))));
}

function listsOf<T>(data: Data, itemsOf: (child: Data) => T[]): (T[] | null)[] {
  const offsets = data.valueOffsets;
  const first = offsets[0] as number;
  const items = itemsOf((data.children[0] as Data).slice(first, (offsets[data.length] as number) - first));
  return validRows(data, (row) => items.slice((offsets[row] as number) - first, (offsets[row + 1] as number) - first));
}

/** Of a map's entries: pairs of key and value. */
function entriesOf(entries: Data): [string, unknown][] {
  const [keys, values] = entries.children.map((child) => valuesOf(child as Data)) as [unknown[], unknown[]];
  return Array.from({ length: entries.length }, (_, at) => [String(keys[at]), values[at]]);
}

/** All batches of a file share one dictionary. */
const decoded = new WeakMap<Vector, unknown[]>();

function entriesOfDictionary(dictionary: Vector): unknown[] {
  let entries = decoded.get(dictionary);
  if (entries === undefined) decoded.set(dictionary, (entries = valuesOfVector(dictionary)));
  return entries;
}

function validRows<T>(data: Data, valueOf: (row: number) => T): (T | null)[] {
  const whole = data.nullCount === 0;
  return Array.from({ length: data.length }, (_, row) => (whole || data.getValid(row) ? valueOf(row) : null));
}

function rowsOf(vector: Vector, change: (value: unknown) => unknown): unknown[] {
  return Array.from({ length: vector.length }, (_, row) => {
    const value: unknown = vector.get(row);
    return value === null ? null : change(value);
  });
}

/** Arrow's rows, maps and vectors as plain objects and arrays: what a union may hold. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date || isTypedArray(value)) return value;
  if (value instanceof Vector) return Array.from(value as Iterable<unknown>, plain);
  // Asked by name: Arrow's struct rows are proxies that deny having it.
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return Object.fromEntries(Object.entries(toJSON.call(value) as object).map(([key, item]) => [key, plain(item)]));
  return value;
}
