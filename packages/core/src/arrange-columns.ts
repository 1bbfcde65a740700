import { columnFromValues } from "./column-from-values.ts";
import { columnValue, columnValues, withValidity, type Column } from "./column.ts";
import { commonType, elementsPerRow, sameType } from "./column-type.ts";
import { isTypedArray, type TypedArray } from "./typed-array.ts";

/** Rows `start` (inclusive) to `end` (exclusive); shares memory with the original where it can. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  const perRow = elementsPerRow(column.type);
  const { values } = column;
  return withValidity(
    {
      type: column.type,
      length: end - start,
      values: isTypedArray(values) ? values.subarray(start * perRow, end * perRow) : (values as readonly unknown[]).slice(start, end),
    },
    column.validity?.subarray(start, end),
  );
}

/** The given rows, in the given order. */
export function takeColumn(column: Column, rows: ArrayLike<number>): Column {
  const { type, values } = column;
  if (type.kind === "arrow") return columnFromValues(Array.from(rows, (row) => columnValue(column, row)), { kind: "json" });
  if (type.kind === "null") return { type, length: rows.length, values: [] };
  let taken: TypedArray | unknown[];
  if (isTypedArray(values)) {
    const perRow = elementsPerRow(type);
    const target = new (values.constructor as new (length: number) => TypedArray)(rows.length * perRow);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      if (perRow === 1) target[at] = values[row] as never;
      else target.set(values.subarray(row * perRow, (row + 1) * perRow) as never, at * perRow);
    }
    taken = target;
  } else {
    taken = Array.from(rows, (row) => (values as readonly unknown[])[row]);
  }
  const validity = column.validity;
  return withValidity({ type, length: rows.length, values: taken }, validity && Uint8Array.from(rows, (row) => validity[row] as number));
}

/** One column after another; unlike types meet at their {@link commonType}. */
export function concatColumns(columns: readonly Column[]): Column {
  const [first] = columns;
  if (first === undefined) return { type: { kind: "null" }, length: 0, values: [] };
  if (columns.length === 1) return first;
  const type = columns.map((column) => column.type).reduce(commonType);
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  if (type.kind === "json" && columns.every((column) => column.type.kind === "json")) return { type, length, values: columns.flatMap((column) => column.values as readonly unknown[]) };
  const plain = columns.every((column) => isTypedArray(column.values) && sameType(column.type, type));
  if (!plain) return columnFromValues(columns.flatMap(columnValues), type.kind === "arrow" ? { kind: "json" } : type);
  const target = new ((first.values as TypedArray).constructor as new (length: number) => TypedArray)(length * elementsPerRow(type));
  const validity = columns.some((column) => column.validity !== undefined) ? new Uint8Array(length).fill(1) : undefined;
  let row = 0;
  for (const column of columns) {
    target.set(column.values as never, row * elementsPerRow(type));
    if (column.validity !== undefined) validity?.set(column.validity, row);
    row += column.length;
  }
  return withValidity({ type, length, values: target }, validity);
}
