import { RecordBatchReader, tableFromIPC, tableToIPC } from "apache-arrow";
import { blockFromTable, columnName, columnType, tableFromBlock } from "./arrow.ts";
import type { Block } from "./block.ts";
import type { ColumnType } from "./column-type.ts";
import type { Column } from "./column.ts";
import { lineageKey } from "./encode-block.ts";
import { isTypedArray } from "./typed-array.ts";
import type { Span } from "./lineage.ts";
import { ShoalError } from "./shoal-error.ts";

/** A block of which a column is an Arrow vector, as an Arrow IPC stream. @param notes on columns, by their names */
export function encodeTable(block: Block, metadata: ReadonlyMap<string, string>, notes: ReadonlyMap<string, readonly [string, string]>): Uint8Array<ArrayBuffer> {
  const table = tableFromBlock(withOwnMemory(block));
  for (const [key, value] of metadata) table.schema.metadata.set(key, value);
  for (const [at, name] of Object.keys(block.columns).entries()) {
    const note = notes.get(name);
    if (note !== undefined) table.schema.fields[at]?.metadata.set(...note);
  }
  return tableToIPC(table, "stream") as Uint8Array<ArrayBuffer>;
}

/**
 * apache-arrow joins neighbouring chunks over one ArrayBuffer when it writes, also such that overlap: columns that share memory
 * (`{ ...batch, y: batch.n }`) would come out as each other. So memory that was seen before is copied.
 */
function withOwnMemory(block: Block): Block {
  const seen = new Set<ArrayBufferLike>();
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(block.columns)) {
    const { values } = column;
    const shared = isTypedArray(values) && seen.has(values.buffer);
    columns[name] = shared ? { ...column, values: values.slice() } : column;
    if (isTypedArray(values)) seen.add(values.buffer);
  }
  return { ...block, columns };
}

/** @throws `bad-block` when the bytes are no Arrow IPC stream. Bytes of strangers are decoded where a timeout can stop it. */
export function decodeBlock(bytes: Uint8Array): Block {
  try {
    const table = tableFromIPC(bytes);
    const { rows, lineage } = JSON.parse(table.schema.metadata.get(lineageKey) ?? "{}") as { rows?: number; lineage?: Span[] };
    const block = blockFromTable(table);
    return { ...block, rows: rows ?? block.rows, lineage: lineage ?? [] };
  } catch (cause) {
    throw new ShoalError("bad-block", "These bytes are not a block in Arrow IPC form.", { cause, hint: "Run the same version of Shoal on both sides; bytes of another origin are read with readArrow()." });
  }
}

/** Which columns an encoded block has, and of which types, without reading a row. @throws what Arrow throws where there is no schema */
export function encodedTypes(bytes: Uint8Array): Readonly<Record<string, ColumnType>> {
  const { fields } = RecordBatchReader.from(bytes).open().schema;
  return Object.fromEntries(fields.map((field) => [columnName(field), columnType(field)]));
}
