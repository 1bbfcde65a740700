import { columnValue, isTypedArray, type Block, type Column, type Row } from "@shoal/core";

/** Reads rows of a block as objects; the way to each column is found once. */
export function rowReader(block: Block): (row: number) => Row {
  const names = Object.keys(block.columns);
  const readers = names.map((name) => valueReader(block.columns[name] as Column));
  return (row) => {
    const result: Row = {};
    for (let at = 0; at < names.length; at++) result[names[at] as string] = (readers[at] as (row: number) => unknown)(row);
    return result;
  };
}

export function blockRowOf(block: Block, row: number): Row {
  return rowReader(block)(row);
}

function valueReader(column: Column): (row: number) => unknown {
  const { kind } = column.type;
  const { values } = column;
  if (kind === "utf8" || kind === "json" || kind === "list" || kind === "binary") return (row) => (values as readonly unknown[])[row] ?? null;
  const number = kind === "float64" || kind === "float32" || kind === "int32" || kind === "uint8";
  if (number && column.validity === undefined && isTypedArray(values)) return (row) => values[row];
  return (row) => columnValue(column, row);
}
