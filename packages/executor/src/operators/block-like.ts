import { allocate, columnFromValues, inferType, isTypedArray, kindOf, rowNames, type Block, type Column, type ColumnType, type Row, type Span } from "@shoal/core";

/**
 * A column of new values, in the type that a column of this name had before wherever no value is lost by that: rows are plain objects
 * on the way through a function, and would come back as float64 whatever they were.
 */
function columnLike(values: readonly unknown[], before: ColumnType | undefined): Column {
  if (before === undefined) return columnFromValues(values);
  if (before.kind === "json" || (before.kind === "null" && values.every((value) => value == null))) return columnFromValues(values, before);
  if (before.kind === "tensor") return values.every((value) => fitsTensor(value, before)) ? columnFromValues(values, before) : columnFromValues(values);
  if (before.kind === "int64" || before.kind === "uint64") return values.every((value) => value == null || Number.isSafeInteger(value)) && values.some((value) => value != null) && notNegative(values, before.kind) ? columnFromValues(values, before) : columnFromValues(values);
  if (before.kind === "float64" || !(before.kind.startsWith("int") || before.kind.startsWith("uint") || before.kind === "float32")) {
    const type = inferType(values);
    return columnFromValues(values, type.kind === "null" && before.kind !== "arrow" ? before : type);
  }
  const probe = allocate(before.kind as "int32", 1);
  for (const value of values) {
    if (value == null) continue;
    if (typeof value !== "number") return columnFromValues(values);
    probe[0] = value;
    if (!Object.is(probe[0], value)) return columnFromValues(values);
  }
  return columnFromValues(values, before);
}

function fitsTensor(value: unknown, type: ColumnType & { kind: "tensor" }): boolean {
  return value == null || (isTypedArray(value) && kindOf(value) === type.element && value.length === type.shape.reduce((product, size) => product * size, 1));
}

function notNegative(values: readonly unknown[], kind: string): boolean {
  return kind === "int64" || values.every((value) => value == null || (value as number) >= 0);
}

/** Rows as a block, with the types that its columns had in `before`. */
export function blockLike(rows: readonly Row[], before: Block, lineage: readonly Span[]): Block {
  const columns: Record<string, Column> = {};
  for (const name of rowNames(rows)) {
    const values = new Array<unknown>(rows.length);
    for (let at = 0; at < rows.length; at++) values[at] = (rows[at] as Row)[name];
    columns[name] = columnLike(values, before.columns[name]?.type);
  }
  return { rows: rows.length, columns, lineage };
}
