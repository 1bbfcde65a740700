import { columnFromValues, missingColumn, type Block, type Column, type Schema } from "@shoal/core";

/** No rows, but all columns. */
export function emptyBlock(schema: Schema): Block {
  const columns: Record<string, Column> = {};
  for (const { name, type } of schema.fields) columns[name] = type.kind === "arrow" ? missingColumn(0) : columnFromValues([], type);
  return { rows: 0, columns, lineage: [] };
}
