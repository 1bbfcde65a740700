import { createBlock, columnValues, ShoalError, type Block, type Column, type ColumnType, type Datasource, type Row } from "@shoal/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { toColumnTypes } from "./column-types.ts";
import { cellType, columnOfCells } from "./csv-cells.ts";
import { csvRuns, type CsvRun, type CsvSyntax } from "./csv-runs.ts";
import { maxBlockRows } from "./cut-block.ts";
import { fileDatasource, type FileReadOptions } from "./file-datasource.ts";
import type { SourceFile } from "./file-store.ts";
import type { Paths } from "./given-files.ts";
import { jsonOptions } from "./jsonl-source.ts";
import { readAhead, rememberPerFile } from "./read-ahead.ts";
import { rowReader } from "./read-rows.ts";
import { defaultInferRows, type RowOptions, type RowRun } from "./row-shape.ts";

/** What columns are in CSV files, and how cells and rows are told apart. */
export interface CsvOptions<Out = Row> extends RowOptions<Out>, CsvSyntax {}

type Types = ReadonlyMap<string, ColumnType>;

/**
 * CSV and TSV files; `.gz` too; `-` is standard input. Columns of only numbers are float64, of only true and false bool, all others utf8; an empty cell
 * is missing. Numbers with leading zeros or a plus sign, and whole numbers that JavaScript can't hold, are text; `types` overrides that.
 * @throws `invalid-csv`, `ragged-row`, `duplicate-column`, `bad-column-name`, `schema-conflict`, `invalid-row`, `invalid-utf8`, with file and line
 */
export function csvSource<S extends StandardSchemaV1>(paths: Paths, options: Omit<CsvOptions, "schema"> & { readonly schema: S }): Datasource<StandardSchemaV1.InferOutput<S>>;
export function csvSource<R = Row>(paths: Paths, options?: CsvOptions<R>): Datasource<R>;
export function csvSource(paths: Paths, options: CsvOptions<unknown> = {}): Datasource<never> {
  const typed = typedReader(options);
  const validated = rowReader((file, signal, skip, onRead) => rowRuns(typed(file, { firstRow: skip, signal, firstFile: file, ...(onRead !== undefined && { onRead }) })), { ...(options.schema === undefined ? {} : { schema: options.schema }), ...(options.inferRows === undefined ? {} : { inferRows: options.inferRows }) });
  return fileDatasource(paths, {
    format: "csv",
    extensions: [".csv", ".tsv"],
    prunesColumns: true,
    streams: true,
    async *read(file, read) {
      if (options.schema !== undefined) yield* validated(file, read);
      else for await (const { block } of typed(file, read)) yield block;
    },
  }, jsonOptions(options));
}

interface TypedBlock {
  readonly block: Block;
  readonly where: (row: number) => string;
}

function typedReader(options: CsvOptions<unknown>): (file: SourceFile, read: FileReadOptions) => AsyncIterable<TypedBlock> {
  const inferRows = options.inferRows ?? defaultInferRows;
  const declared = toColumnTypes(options.types);
  const remembered = rememberPerFile<Types>();
  const sample = (runs: AsyncIterable<CsvRun>) => readAhead(runs, (held) => held.reduce((sum, run) => sum + run.rows.length, 0) >= inferRows);

  async function typesOf(file: SourceFile, signal: AbortSignal): Promise<Types> {
    const [held, all] = await sample(csvRuns(file, options, signal));
    await closeUnread(all);
    return inferTypes(held, declared, inferRows);
  }

  return async function* read(file, { firstRow = 0, limit = Infinity, columns, firstFile, signal, onRead }) {
    let runs = csvRuns(file, options, signal, onRead);
    let types: Types;
    if (file.path === "-") {
      const [held, all] = await sample(runs);
      types = inferTypes(held, declared, inferRows);
      runs = all;
    } else {
      types = await remembered(firstFile, () => typesOf(firstFile, signal));
    }
    let skip = firstRow;
    let wanted = limit;
    for await (const run of runs) {
      checkNames(run, types, columns === undefined);
      for (let start = skip; start < run.rows.length && wanted > 0; start += maxBlockRows) {
        const rows = run.rows.slice(start, Math.min(start + maxBlockRows, start + wanted));
        const where = (row: number): string => run.where(start + row);
        yield { block: blockOfRows(run.names, rows, types, columns, where), where };
        wanted -= rows.length;
      }
      if (wanted <= 0) return;
      skip = Math.max(0, skip - run.rows.length);
    }
  };
}

async function closeUnread(items: AsyncIterable<unknown>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  // A generator that never began would not run its `finally`.
  await iterator.next();
  await iterator.return?.();
}

function inferTypes(held: readonly CsvRun[], declared: Types, inferRows: number): Types {
  const rows = held.flatMap((run) => run.rows).slice(0, inferRows);
  const names = held[0]?.names ?? [];
  const types = new Map(names.map((name, at) => [name, declared.get(name) ?? cellType(rows.map((row) => row[at] as string))]));
  for (const [name, type] of declared) types.set(name, type);
  return types;
}

function blockOfRows(names: readonly string[], rows: readonly (readonly string[])[], types: Types, wanted: readonly string[] | undefined, where: (row: number) => string): Block {
  const columns: Record<string, Column> = {};
  const chosen = wanted && new Set(wanted);
  const places = new Map(names.map((name, at) => [name, at]));
  for (const [name, type] of types) {
    if (chosen?.has(name) === false) continue;
    const at = places.get(name) ?? -1;
    columns[name] = columnOfCells(rows.map((row) => row[at] ?? ""), name, type, where);
  }
  return createBlock(columns, [], rows.length);
}

function checkNames(run: CsvRun, types: Types, refuseUnknown: boolean): void {
  const odd = run.names.find((name) => !types.has(name));
  if (odd === undefined || !refuseUnknown || run.rows.length === 0) return;
  throw new ShoalError("schema-conflict", `${run.where(0)}: this file has a column "${odd}" that the first file lacks (${[...types.keys()].join(", ")}).`, {
    hint: `Declare it: { types: { ${JSON.stringify(odd)}: "utf8" } }, or read the files apart.`,
    failure: "bug",
    details: { column: odd },
  });
}

/** Typed rows as objects, for a schema to judge. */
async function* rowRuns(blocks: AsyncIterable<TypedBlock>): AsyncIterable<RowRun> {
  for await (const { block, where } of blocks) {
    const columns = Object.entries(block.columns).map(([name, column]) => [name, columnValues(column)] as const);
    const rows = Array.from({ length: block.rows }, (_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row]])));
    yield { rows, bytes: rows.length, where };
  }
}
