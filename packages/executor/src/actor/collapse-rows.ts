import { columnValue, isTypedArray, type Block, type Column } from "@shoal/core";

/** The distinct rows of a block, and which of them each row is. */
export interface CollapsedRows {
  /** First occurrence of each distinct row. */
  readonly distinct: Int32Array;
  /** Row of the block → index into `distinct`. */
  readonly indexOf: Int32Array;
}

/** Rows are the same when all their columns are. Undefined when no two are. */
export function collapseRows(block: Block): CollapsedRows | undefined {
  const keys = rowKeys(block);
  const seen = new Map<unknown, number>();
  const distinct: number[] = [];
  const indexOf = new Int32Array(block.rows);
  for (let row = 0; row < block.rows; row++) {
    const key = keys(row);
    let index = seen.get(key);
    if (index === undefined) {
      index = distinct.push(row) - 1;
      seen.set(key, index);
    }
    indexOf[row] = index;
  }
  return distinct.length === block.rows ? undefined : { distinct: Int32Array.from(distinct), indexOf };
}

function rowKeys(block: Block): (row: number) => unknown {
  const columns = Object.values(block.columns);
  const [only] = columns;
  // One column of plain values, the usual case: the value is its own key.
  if (columns.length === 1 && only !== undefined && isPlain(only)) return (row) => columnValue(only, row);
  return (row) => columns.map((column) => keyOf(columnValue(column, row))).join("\u0001");
}

function isPlain({ type }: Column): boolean {
  return type.kind === "utf8" || type.kind === "bool" || type.kind === "float64" || type.kind === "int64" || type.kind === "int32";
}

function keyOf(value: unknown): string {
  if (isTypedArray(value)) return `${value.constructor.name}:${value.join()}`;
  if (typeof value === "number" || typeof value === "bigint") return `${typeof value}:${value}`;
  return JSON.stringify(value, (_, item: unknown) => (isTypedArray(item) ? [item.constructor.name, ...item] : typeof item === "bigint" ? `${item}n` : item)) ?? "undefined";
}
