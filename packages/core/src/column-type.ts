import { isRasterImage } from "./raster-image.ts";
import { isNumberKind, isTypedArray, kindOf, type NumberKind } from "./typed-array.ts";

/**
 * What a column holds. The table in core's README gives each kind's JavaScript, Arrow, Parquet and JSON form.
 * `tensor`: every row has the same shape, stored flat. `list`: rows of unlike lengths. `image`: pixels, each row of its own size.
 * `json`: nested values as they are.
 * `arrow`: a type that JavaScript has no good form for (decimal, interval, map …), kept as the vector it came as.
 */
export type ColumnType =
  | { readonly kind: "bool" | NumberKind | "utf8" | "binary" | "timestamp" | "image" | "json" | "null" }
  | { readonly kind: "tensor"; readonly element: NumberKind; readonly shape: readonly number[] }
  | { readonly kind: "list"; readonly element: NumberKind | "utf8" }
  | { readonly kind: "arrow"; readonly name: string };

/** Numbers per row: the product of a tensor's shape, 1 for every other kind. */
export function elementsPerRow(type: ColumnType): number {
  return type.kind === "tensor" ? type.shape.reduce((product, size) => product * size, 1) : 1;
}

/** Whether two types are equal, shapes and elements included. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return formatType(a) === formatType(b);
}

/** `utf8`, `tensor<float32>[3, 224, 224]`, `list<float32>` … */
export function formatType(type: ColumnType): string {
  switch (type.kind) {
    case "tensor": return `tensor<${type.element}>[${type.shape.join(", ")}]`;
    case "list": return `list<${type.element}>`;
    case "arrow": return `arrow<${type.name}>`;
    default: return type.kind;
  }
}

/** The narrowest type that holds both: how blocks with unlike columns are joined. Numbers widen to float64; what has no common type is `json`. */
export function commonType(a: ColumnType, b: ColumnType): ColumnType {
  if (sameType(a, b)) return a;
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (isNumberKind(a.kind) && isNumberKind(b.kind)) return { kind: a.kind === "float32" && b.kind === "float32" ? "float32" : "float64" };
  const elementA = elementKind(a);
  const elementB = elementKind(b);
  if (elementA !== undefined && elementB !== undefined) {
    if (elementA === elementB) return { kind: "list", element: elementA };
    if (elementA !== "utf8" && elementB !== "utf8") return { kind: "list", element: "float64" };
  }
  return { kind: "json" };
}

function elementKind(type: ColumnType): NumberKind | "utf8" | undefined {
  return type.kind === "tensor" || type.kind === "list" ? type.element : undefined;
}

/** The type that one JavaScript value asks for; `undefined` and `null` ask for nothing. Numbers are float64. */
export function typeOfValue(value: unknown): ColumnType {
  switch (typeof value) {
    case "string": return { kind: "utf8" };
    case "number": return { kind: "float64" };
    case "boolean": return { kind: "bool" };
    case "bigint": return { kind: "int64" };
    case "undefined": return { kind: "null" };
  }
  if (value === null) return { kind: "null" };
  if (value instanceof Date) return { kind: "timestamp" };
  if (value instanceof Uint8Array && !(value instanceof Uint8ClampedArray)) return { kind: "binary" };
  if (isTypedArray(value)) return { kind: "tensor", element: kindOf(value), shape: [value.length] };
  if (isRasterImage(value)) return { kind: "image" };
  if (value instanceof URL) return { kind: "utf8" };
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((item) => typeof item === "number")) return { kind: "list", element: "float64" };
    if (value.every((item) => typeof item === "string")) return { kind: "list", element: "utf8" };
  }
  return { kind: "json" };
}

/** The common type of many values. */
export function inferType(values: Iterable<unknown>): ColumnType {
  let type: ColumnType = { kind: "null" };
  for (const value of values) {
    if (value === null || value === undefined) continue;
    // Strings and numbers are nearly all there is: no object is made for them.
    if ((typeof value === "string" && type.kind === "utf8") || (typeof value === "number" && type.kind === "float64")) continue;
    const own = Array.isArray(value) && value.length === 0 && type.kind === "list" ? type : typeOfValue(value);
    type = commonType(type, own);
    if (type.kind === "json") return type;
  }
  return type;
}
