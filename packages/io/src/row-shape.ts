import { createBlock, preview, ShoalError, type Block, type Column, type ColumnType, type Row } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { buildColumn, isMisfit, sampledType, toColumnTypes, wordFor, type TypeName } from "./column-types.ts";
import { endOfString } from "./json-error.ts";
import { badColumnName, columnNames, isRow, ownValue } from "./from-items.ts";

/** What options say about rows. */
export interface RowOptions<Out = unknown> {
  /** Any Standard Schema (zod, valibot, arktype …): every row is validated, and is what the schema gives back. */
  readonly schema?: StandardSchemaV1<unknown, Out>;
  /** Types of columns, instead of what the first rows suggest. */
  readonly types?: Readonly<Record<string, TypeName>>;
  /** How many rows columns and types are inferred from. Default 1000. */
  readonly inferRows?: number;
}

export const defaultInferRows = 1000;

/** The columns that all rows of a source have, and their types. */
export type RowShape = ReadonlyMap<string, ColumnType>;

/** Parsed rows, and where they stand, for messages. */
export interface RowRun {
  readonly rows: readonly unknown[];
  /** Of the text they were parsed from, near enough for a budget. */
  readonly bytes: number;
  /** `prompts.jsonl:12` of a row of the run. */
  where(row: number): string;
  /** The text of a row, for numbers that JavaScript can't hold. */
  text?(row: number): string;
}

/** Columns and their types from a sample of rows; declared types win. */
export function inferShape(sample: readonly unknown[], options: RowOptions): RowShape {
  const declared = toColumnTypes(options.types);
  const rows = asRows(sample);
  const types = new Map(columnNames(rows).map((name) => [name, declared.get(name) ?? sampledType(rows.map((row) => ownValue(row, name)))]));
  for (const [name, type] of declared) types.set(name, type);
  return types;
}

/** @throws `bad-column-name` with file and line */
export function refuseBadNames(run: RowRun): void {
  const row = run.rows.findIndex((value) => isRow(value) && Object.hasOwn(value, "__proto__"));
  if (row >= 0) throw badColumnName(`${run.where(row)}: `);
}

/** What is no object becomes a row with the one column `item`. */
function asRows(values: readonly unknown[]): readonly Row[] {
  return values.every(isRow) ? values : values.map((value) => (isRow(value) ? value : { item: value }));
}

/**
 * A run of rows as one block.
 * @param columns build only these
 * @throws `schema-conflict` naming file, line and column
 */
export function blockOfRun(run: RowRun, shape: RowShape, columns?: readonly string[]): Block {
  const rows = asRows(run.rows);
  if (columns === undefined) checkKeys(run, rows, shape);
  const built: Record<string, Column> = {};
  const chosen = columns && new Set(columns);
  for (const [name, type] of shape) {
    if (chosen?.has(name) !== false) built[name] = columnOfRun(run, name, type, valuesOf(rows, name));
  }
  return createBlock(built, [], rows.length);
}

function valuesOf(rows: readonly Row[], name: string): unknown[] {
  const values = new Array<unknown>(rows.length);
  if (name in Object.prototype) for (let row = 0; row < rows.length; row++) values[row] = ownValue(rows[row] as Row, name);
  else for (let row = 0; row < rows.length; row++) values[row] = (rows[row] as Row)[name];
  return values;
}

function columnOfRun(run: RowRun, name: string, type: ColumnType, values: unknown[]): Column {
  if (run.text !== undefined && isInexact(values)) keepExact(run, name, type, values);
  const column = buildColumn(values, type, name);
  if (!isMisfit(column)) return column;
  throw new ShoalError("schema-conflict", `${run.where(column.row)}: column "${name}" has ${preview(column.value)} where ${wordFor(type)} (${type.kind}) ${type.kind === "bool" ? "was" : "were"} expected, as in the rows before it.`, {
    hint: `Mend the row, or declare the column: { types: { ${JSON.stringify(name)}: "json" } } takes any value.`,
    failure: "row",
    details: { column: name, expected: type.kind, row: run.where(column.row) },
  });
}

function isInexact(values: readonly unknown[]): boolean {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === "number" && (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) && Number.isFinite(value)) return true;
  }
  return false;
}

/** Whole numbers beyond 2^53 lose digits in a JavaScript number: an id would become another. They are read exactly as int64, or refused. */
function keepExact(run: RowRun, name: string, type: ColumnType, values: unknown[]): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value)) continue;
    const digits = wholeNumberIn(run.text?.(row) ?? "", name);
    if (digits === undefined) continue;
    const exact = BigInt(digits);
    if (type.kind === "int64" || type.kind === "uint64") values[row] = exact;
    else if (exact !== BigInt(value) && type.kind !== "utf8") {
      throw new ShoalError("inexact-number", `${run.where(row)}: column "${name}" has ${digits}, which a JavaScript number can't hold exactly (it would become ${BigInt(value)}).`, {
        hint: `Declare it: { types: { ${JSON.stringify(name)}: "int64" } }, or write it as a string.`,
        failure: "row",
        details: { column: name, row: run.where(row) },
      });
    }
  }
}

/** The digits of a top-level whole number as they stand in the row's text; undefined when it has a point or an exponent. */
function wholeNumberIn(text: string, name: string): string | undefined {
  // Every long whole number outside of strings becomes a string that says so; then the text is parsed again.
  const token = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"/g;
  let marked = "";
  let done = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '"') {
      token.lastIndex = endOfString(text, match.index).at;
    } else if (/^-?\d{16,}$/.test(match[0])) {
      marked += `${text.slice(done, match.index)}"\\u0000whole ${match[0]}"`;
      done = token.lastIndex;
    }
  }
  const parsed: unknown = JSON.parse(marked + text.slice(done));
  const value = isRow(parsed) ? ownValue(parsed, name) : parsed;
  return typeof value === "string" && value.startsWith("\u0000whole ") ? value.slice("\u0000whole ".length) : undefined;
}

function checkKeys(run: RowRun, rows: readonly Row[], shape: RowShape): void {
  const names = [...shape.keys()];
  for (let row = 0; row < rows.length; row++) {
    const keys = Object.keys(rows[row] as Row);
    // Nearly always the keys are those of the shape, in its order.
    let at = 0;
    while (at < keys.length && keys[at] === names[at]) at++;
    for (; at < keys.length; at++) if (!shape.has(keys[at] as string)) throw unknownColumn(run, row, keys[at] as string, rows[row] as Row);
  }
}

function unknownColumn(run: RowRun, row: number, name: string, value: Row): ShoalError {
  if (name === "__proto__") return badColumnName(`${run.where(row)}: `);
  return new ShoalError("schema-conflict", `${run.where(row)}: column "${name}" (${preview(value[name])}) is new: none of the rows that the columns were inferred from has it.`, {
    hint: `Declare it: { types: { ${JSON.stringify(name)}: "json" } } takes any value; or infer from more rows: { inferRows: 100_000 }.`,
    failure: "row",
    details: { column: name, row: run.where(row) },
  });
}
