import {
  columnFromValues, columnValue, inferType, isColumn, isTypedArray, kindOf, schemaOf, ShoalError, sliceColumn, type Column, type Datasource, type TypedArray,
} from "@shoal/core";
import { fingerprint, memoryDatasource } from "./memory-datasource.ts";

/** Numbers nested to any depth, all of one shape: a tensor. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** What can be a column: a column, a typed array (one number a row), or a list of values, typed arrays or nested numbers. */
export type ColumnInput = Column | TypedArray | readonly unknown[];

/** What one row of a column input holds. */
export type ColumnInputValue<C> = C extends Column<infer T> ? T
  : C extends BigInt64Array | BigUint64Array ? number | bigint
  : C extends TypedArray ? number
  : C extends readonly (infer T)[] ? (T extends NestedNumbers ? Float64Array : T) : never;

/**
 * Columns of equal length as rows. A bare array becomes the column `data`. Nested numbers (`[[1, 2], [3, 4]]`) and typed arrays of equal length
 * become a tensor column; the first axis is the rows.
 * @throws `unequal-columns`, `empty-columns`
 */
export function fromColumns<C extends Readonly<Record<string, ColumnInput>>>(columns: C & { readonly length?: never }): Datasource<{ [K in keyof C]: ColumnInputValue<C[K]> }>;
export function fromColumns<C extends TypedArray | readonly unknown[]>(data: C): Datasource<{ data: ColumnInputValue<C> }>;
export function fromColumns(input: ColumnInput | Readonly<Record<string, ColumnInput>>): Datasource<never> {
  const bare = Array.isArray(input) || isTypedArray(input) || isColumn(input);
  const columns = Object.fromEntries(Object.entries(bare ? { data: input as ColumnInput } : (input as Record<string, ColumnInput>)).map(([name, values]) => [name, toColumn(values)]));
  const [first] = Object.entries(columns);
  if (first === undefined) throw new ShoalError("empty-columns", "fromColumns({}) has no columns.", { hint: "Name at least one column, as in fromColumns({ text: [\"a\", \"b\"] }).", failure: "bug" });
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== first[1].length) {
      throw new ShoalError("unequal-columns", `Column "${name}" has ${column.length} rows where "${first[0]}" has ${first[1].length}.`, { hint: "Give every column one value a row.", failure: "bug" });
    }
  }
  return memoryDatasource({
    name: `columns(${Object.keys(columns).join(", ")})`,
    rows: first[1].length,
    sharesMemory: "columns",
    schema: schemaOf(columns),
    version: () => fingerprint(Object.entries(columns).flatMap(([name, column]) => [[name], contentOf(column)])),
    slice: (start, end, names) => Object.fromEntries(names.map((name) => [name, sliceColumn(columns[name] as Column, start, end)])),
  });
}

/** What a column holds, for its fingerprint. */
export function contentOf(column: Column): ArrayLike<unknown> {
  const { values } = column;
  return isTypedArray(values) || Array.isArray(values) ? values : Array.from({ length: column.length }, (_, row) => columnValue(column, row));
}

function toColumn(input: ColumnInput): Column {
  if (isColumn(input)) return input;
  if (isTypedArray(input)) return { type: { kind: kindOf(input) }, length: input.length, values: input instanceof Uint8ClampedArray ? new Uint8Array(input.buffer, input.byteOffset, input.length) : input };
  const shape = shapeOf(input[0]);
  if (shape !== undefined && shape.length > 0 && !isTypedArray(input[0])) {
    const flat = new Float64Array(input.length * shape.reduce((product, size) => product * size, 1));
    if (input.every((row, at) => fill(flat, at, row, shape))) return { type: { kind: "tensor", element: "float64", shape }, length: input.length, values: flat };
  }
  // Uint8Arrays of one length given as numbers would be images or features, but core reads them as bytes: `binary`.
  return columnFromValues(input, inferType(input));
}

function shapeOf(value: unknown): readonly number[] | undefined {
  if (typeof value === "number") return [];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const inner = shapeOf(value[0]);
  return inner && [value.length, ...inner];
}

/** Copies one nested row into the flat array; false when its shape is another. */
function fill(flat: Float64Array, at: number, value: unknown, shape: readonly number[]): boolean {
  const [size, ...rest] = shape;
  if (size === undefined) {
    if (typeof value !== "number") return false;
    flat[at] = value;
    return true;
  }
  return Array.isArray(value) && value.length === size && value.every((item, index) => fill(flat, at * size + index, item, rest));
}
