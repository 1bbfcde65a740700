import { concatColumns, sliceColumn, takeColumn } from "./arrange-columns.ts";
import { castColumn, columnFromValues } from "./column-from-values.ts";
import type { ColumnType } from "./column-type.ts";
import { columnBytes, columnValue, type Column } from "./column.ts";
import { joinLineages, lineageOfRows, lineageTogether, sliceLineage, type Span } from "./lineage.ts";
import type { Schema } from "./schema.ts";
import { ShoalError } from "./shoal-error.ts";

/** One row as a plain object. */
export type Row = Record<string, unknown>;

/**
 * A run of rows as named columns: the unit of moving, retrying and committing.
 * `lineage` says which input rows made it, and which one each of its rows: a block's identity, and what a resumed run seeks by.
 */
export interface Block {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
  readonly lineage: readonly Span[];
}

/** @throws `unequal-columns` when the columns are not all of one length. */
export function createBlock(columns: Readonly<Record<string, Column>>, lineage: readonly Span[] = [], rows = Object.values(columns)[0]?.length ?? 0): Block {
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== rows) {
      throw new ShoalError("unequal-columns", `Column "${name}" has ${column.length} rows where the others have ${rows}.`, { hint: "Give every column one value a row." });
    }
  }
  return { rows, columns, lineage };
}

/** A block from row objects. A column that some rows lack is missing there; `schema` fixes columns and types. */
export function blockFromRows(rows: readonly Row[], schema?: Schema, lineage: readonly Span[] = []): Block {
  const types = new Map<string, ColumnType | undefined>(schema?.fields.map((field) => [field.name, field.type]));
  if (schema === undefined) for (const name of rowNames(rows)) types.set(name, undefined);
  const columns: Record<string, Column> = {};
  for (const [name, type] of types) columns[name] = columnFromValues(name in Object.prototype ? rows.map((row) => own(row, name)) : rows.map((row) => row[name]), type, { column: name });
  return { rows: rows.length, columns, lineage };
}

/** Without what every object inherits: `constructor` and `toString` are names like others. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The columns of rows, in the order they first appear; not what somebody added to all objects. */
export function rowNames(rows: readonly Row[]): Set<string> {
  const names = new Set<string>();
  for (const row of rows) for (const name in row) if (!names.has(name) && (!(name in Object.prototype) || Object.hasOwn(row, name))) names.add(name);
  return names;
}

/** The rows of a block as plain objects, made one at a time. */
export function* blockRows(block: Block): Generator<Row, void, undefined> {
  for (let row = 0; row < block.rows; row++) yield blockRow(block, row);
}

/** One row as an object. */
export function blockRow(block: Block, row: number): Row {
  const result: Row = {};
  for (const name of Object.keys(block.columns)) result[name] = columnValue(block.columns[name] as Column, row);
  return result;
}

/** Rows `start` to `end` (exclusive), with the part of the lineage that made them. */
export function sliceBlock(block: Block, start: number, end: number = block.rows): Block {
  if (start === 0 && end >= block.rows) return block;
  const to = Math.min(end, block.rows);
  return { rows: to - start, columns: mapColumns(block.columns, (column) => sliceColumn(column, start, to)), lineage: sliceLineage(block.lineage, block.rows, start, to) };
}

/** The given rows in the given order. */
export function takeRows(block: Block, rows: ArrayLike<number>): Block {
  const lineage = rises(rows) ? lineageOfRows(block.lineage, block.rows, rows) : lineageTogether(block.lineage, rows.length);
  return { rows: rows.length, columns: mapColumns(block.columns, (column) => takeColumn(column, rows)), lineage };
}

function rises(rows: ArrayLike<number>): boolean {
  for (let at = 1; at < rows.length; at++) if ((rows[at] as number) < (rows[at - 1] as number)) return false;
  return true;
}

/** One block after another. A column that some lack is missing there. */
export function concatBlocks(blocks: readonly Block[]): Block {
  const [first] = blocks;
  if (first === undefined) return { rows: 0, columns: {}, lineage: [] };
  if (blocks.length === 1) return first;
  const names = new Set(blocks.flatMap((block) => Object.keys(block.columns)));
  const columns: Record<string, Column> = {};
  for (const name of names) columns[name] = concatColumns(blocks.map((block) => own(block.columns, name) ?? missingColumn(block.rows)));
  return { rows: blocks.reduce((sum, block) => sum + block.rows, 0), columns, lineage: joinLineages(blocks.map((block) => block.lineage)) };
}

/** A column in which every row is missing. */
export function missingColumn(rows: number, type: ColumnType = { kind: "null" }): Column {
  return type.kind === "null" || type.kind === "arrow" ? { type: { kind: "null" }, length: rows, values: [] } : columnFromValues(new Array<null>(rows).fill(null), type);
}

/** Only these columns, in this order. @throws `missing-column`. */
export function selectColumns(block: Block, names: readonly string[]): Block {
  const columns: Record<string, Column> = {};
  for (const name of names) columns[name] = requireColumn(block, name);
  return { ...block, columns };
}

/** @throws `missing-column`, listing the columns there are. */
export function requireColumn(block: Block, name: string): Column {
  const column = own(block.columns, name);
  if (column === undefined) {
    const known = Object.keys(block.columns);
    throw new ShoalError("missing-column", `There is no column "${name}"; the columns are ${known.map((other) => `"${other}"`).join(", ") || "none"}.`, {
      hint: "Name one of these columns, or add it in a step before this one.",
      failure: "bug",
      details: { column: name, columns: known },
    });
  }
  return column;
}

/** The same rows under another schema: columns reordered, cast, and missing where the block lacks them. */
export function conformBlock(block: Block, schema: Schema): Block {
  const columns: Record<string, Column> = {};
  for (const { name, type } of schema.fields) {
    const column = own(block.columns, name);
    columns[name] = column === undefined ? missingColumn(block.rows, type) : castColumn(column, type);
  }
  return { ...block, columns };
}

/** Bytes in memory, near enough for a budget. */
export function blockBytes(block: Block): number {
  let bytes = 0;
  for (const name of Object.keys(block.columns)) bytes += columnBytes(block.columns[name] as Column);
  return bytes;
}

function mapColumns(columns: Readonly<Record<string, Column>>, change: (column: Column) => Column): Record<string, Column> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, change(column)]));
}
