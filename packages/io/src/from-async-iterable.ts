import {
  blockFromRows, commonType, formatType, preview, sameType, schemaOf, ShoalError, type Block, type ColumnType, type Datasource, type Row, type Schema,
} from "@shoal/core";
import { maxBlockRows } from "./cut-block.ts";
import { finishBlocks } from "./file-datasource.ts";
import { badColumnName, isRow, ownValue, refuseNoRow, type ItemRow } from "./from-items.ts";

/** Something that gives rows over time, or a function that gives it anew for every run. */
export type Rows<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T> | (() => AsyncIterable<T> | Iterable<T> | ReadableStream<T>);

/**
 * Rows as they come: objects, or bare values for the column `item`. Not resumable: what has been read is gone. The first block holds 32 rows,
 * the next ones more. Given as a function, it is called once for each run; otherwise it can be read once.
 * @throws `already-consumed` on a second reading; `schema-conflict` when a column changes its type.
 */
export function fromAsyncIterable<T>(rows: Rows<T>): Datasource<ItemRow<T>> {
  let taken = false;
  const take = (): AsyncIterable<T> | Iterable<T> => {
    if (typeof rows !== "function") {
      if (taken) {
        throw new ShoalError("already-consumed", "These rows have been read already, and an async iterable can be read only once.", {
          hint: "Pass a function that gives a new one, as in fromAsyncIterable(() => rows()).",
          failure: "bug",
        });
      }
      taken = true;
    }
    const given = typeof rows === "function" ? rows() : rows;
    return given instanceof ReadableStream ? streamItems(given) : given;
  };
  return {
    name: "rows",
    resumable: false,
    prunesColumns: false,
    // A function may give the same objects again.
    sharesMemory: "values",
    async *partitions() {
      yield { id: "rows", version: "once" };
    },
    read: (partition, options) => finishBlocks(blocksOf(take(), options.signal), partition, options),
  };
}

/** A `ReadableStream` of row objects or bare values; see {@link fromAsyncIterable}. */
export function fromReadableStream<T>(stream: ReadableStream<T> | (() => ReadableStream<T>)): Datasource<ItemRow<T>> {
  return { ...fromAsyncIterable(stream), name: "stream" };
}

async function* streamItems<T>(stream: ReadableStream<T>): AsyncIterable<T> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
  }
}

async function* blocksOf(items: AsyncIterable<unknown> | Iterable<unknown>, signal: AbortSignal): AsyncIterable<Block> {
  let schema: Schema = { fields: [] };
  let objects: boolean | undefined;
  let rows: Row[] = [];
  let firstRow = 0;
  let size = 32;
  const cut = (): Block => {
    const block = typedBlock(rows, schema, firstRow);
    schema = widened(schema, block);
    firstRow += rows.length;
    rows = [];
    size = Math.min(2 * size, maxBlockRows);
    return block;
  };
  for await (const item of items) {
    signal.throwIfAborted();
    objects ??= isRow(item);
    if (isRow(item) !== objects) throw conflict(firstRow + rows.length, `is ${preview(item)} where the rows before it are ${objects ? "objects" : "bare values"}`);
    if (objects) refuseNoRow(item, firstRow + rows.length);
    rows.push(objects ? (item as Row) : { item });
    if (rows.length >= size) yield cut();
  }
  if (rows.length > 0) yield cut();
}

/** The rows with the types that earlier rows had. */
function typedBlock(rows: readonly Row[], schema: Schema, firstRow: number): Block {
  for (const row of rows) if (Object.hasOwn(row, "__proto__")) throw badColumnName();
  const own = blockFromRows(rows);
  if (schema.fields.length === 0) return own;
  const known = new Map(schema.fields.map((field) => [field.name, field.type]));
  const types = new Map<string, ColumnType>(known);
  for (const { name, type } of schemaOf(own.columns).fields) {
    const before = known.get(name);
    const joined = before === undefined ? type : commonType(before, type);
    if (before !== undefined && before.kind !== "null" && !sameType(joined, before)) {
      const at = rows.findIndex((row) => ownValue(row, name) != null && !sameType(commonType(before, typeOf(ownValue(row, name))), before));
      throw conflict(firstRow + at, `has ${preview(rows[at]?.[name])} in column "${name}", which is ${formatType(before)} in the rows before it`, name);
    }
    types.set(name, joined);
  }
  return blockFromRows(rows, { fields: [...types].map(([name, type]) => ({ name, type, nullable: true })) });
}

function typeOf(value: unknown): ColumnType {
  return schemaOf(blockFromRows([{ value }]).columns).fields[0]?.type ?? { kind: "null" };
}

function widened(schema: Schema, block: Block): Schema {
  const known = new Set(schema.fields.map((field) => field.name));
  const now = schemaOf(block.columns).fields;
  return { fields: [...schema.fields.map((field) => now.find(({ name }) => name === field.name) ?? field), ...now.filter((field) => !known.has(field.name))] };
}

function conflict(row: number, what: string, column?: string): ShoalError {
  return new ShoalError("schema-conflict", `Row ${row} ${what}.`, { hint: "Give all rows the same shape.", failure: "bug", details: { row, ...(column === undefined ? {} : { column }) } });
}
