/** Column types of whole numbers. */
export type IntegerKind = "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64";
/** Column types that a typed array holds. */
export type NumberKind = IntegerKind | "float32" | "float64";

/** What holds the numbers of a column. */
export type TypedArray =
  | Int8Array | Int16Array | Int32Array | BigInt64Array
  | Uint8Array | Uint8ClampedArray | Uint16Array | Uint32Array | BigUint64Array
  | Float32Array | Float64Array;

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

export function isNumberKind(kind: string): kind is NumberKind {
  return kind in arrays && kind !== "bool" && kind !== "timestamp";
}

