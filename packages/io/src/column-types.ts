import { columnFromValues, formatType, inferType, isNumberKind, isTypedArray, ShoalError, typeOfValue, type Column, type ColumnType, type NumberKind } from "@shoal/core";

/** A column's type by name (`utf8`, `float32`, `int64`, `bool`, `timestamp`, `binary`, `json`) or in full. */
export type TypeName = NumberKind | "bool" | "utf8" | "timestamp" | "binary" | "json" | ColumnType;

export function toColumnTypes(types: Readonly<Record<string, TypeName>> = {}): ReadonlyMap<string, ColumnType> {
  return new Map(Object.entries(types).map(([name, type]) => [name, typeof type === "string" ? ({ kind: type } as ColumnType) : type]));
}

/** The type of a column from a sample of its values. One that is missing in all of them may hold anything: `json`. */
export function sampledType(values: Iterable<unknown>): ColumnType {
  const type = inferType(values);
  return type.kind === "null" ? { kind: "json" } : type;
}

/** A value that does not fit the column it stands in. */
export interface Misfit {
  readonly row: number;
  readonly value: unknown;
}

/** A column of parsed JSON values, or the first value that does not fit its type. */
export function buildColumn(values: unknown[], type: ColumnType, name: string): Column | Misfit {
  const length = values.length;
  switch (type.kind) {
    case "float64": return buildNumbers(values, length);
    case "utf8": {
      for (let row = 0; row < length; row++) {
        const value = values[row];
        if (typeof value === "string") continue;
        if (value != null) return { row, value };
        values[row] = null;
      }
      return { type, length, values };
    }
    case "json": case "null": return columnFromValues(values, { kind: "json" }, { column: name });
    default: return buildByCasting(values, type);
  }
}

export function isMisfit(result: Column | Misfit): result is Misfit {
  return "row" in result;
}

function buildNumbers(values: readonly unknown[], length: number): Column | Misfit {
  const numbers = new Float64Array(length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const value = values[row];
    if (typeof value === "number") {
      numbers[row] = value;
    } else if (value == null) {
      validity ??= new Uint8Array(length).fill(1);
      validity[row] = 0;
    } else {
      return { row, value };
    }
  }
  return { type: { kind: "float64" }, length, values: numbers, ...(validity === undefined ? {} : { validity }) };
}

function buildByCasting(values: readonly unknown[], type: ColumnType): Column | Misfit {
  const cast = new Array<unknown>(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const fitting = value == null ? null : castJson(value, type);
    if (fitting === undefined) return { row, value };
    cast[row] = fitting;
  }
  try {
    return columnFromValues(cast, type);
  } catch (error) {
    const row = ShoalError.is(error, "wrong-type") ? error.details?.["row"] : undefined;
    if (typeof row !== "number") throw error;
    return { row, value: values[row] };
  }
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-(2 ** 7), 2 ** 7 - 1], int16: [-(2 ** 15), 2 ** 15 - 1], int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 2 ** 8 - 1], uint16: [0, 2 ** 16 - 1], uint32: [0, 2 ** 32 - 1],
};

/** A JSON value as a column of this type takes it; undefined where it does not fit. */
function castJson(value: unknown, type: ColumnType): unknown {
  switch (type.kind) {
    case "timestamp": {
      if (value instanceof Date) return value;
      const time = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? value : NaN;
      return Number.isNaN(time) ? undefined : new Date(time);
    }
    case "binary": return value instanceof Uint8Array ? value : typeof value === "string" ? fromBase64(value) : undefined;
    case "int64": return typeof value === "bigint" || Number.isSafeInteger(value) ? value : integerText(value);
    case "uint64": return (typeof value === "bigint" && value >= 0n) || (Number.isSafeInteger(value) && (value as number) >= 0) ? value : integerText(value);
    case "list": case "tensor": {
      if (isTypedArray(value)) return value;
      const fits = type.element === "utf8" ? (item: unknown) => typeof item === "string" : (item: unknown) => typeof item === "number";
      const flat = type.kind === "tensor" && Array.isArray(value) ? value.flat(type.shape.length - 1) : value;
      return Array.isArray(flat) && flat.every(fits) ? flat : undefined;
    }
    default: {
      const range = ranges[type.kind];
      if (range !== undefined) return Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1] ? value : undefined;
      return typeOfValue(value).kind === type.kind || (isNumberKind(type.kind) && typeof value === "number") ? value : undefined;
    }
  }
}

function integerText(value: unknown): bigint | undefined {
  return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** What a person reads: `a number`, `a string`; the kind where there is no plainer word. */
export function wordFor(type: ColumnType): string {
  const words: Readonly<Record<string, string>> = { float64: "numbers", utf8: "strings", bool: "true or false", json: "nested values" };
  return words[type.kind] ?? formatType(type);
}

