import { tableFromIPC, tableToIPC } from "apache-arrow";
import { blockFromTable, tableFromBlock } from "./arrow.ts";
import type { Block, Span } from "./block.ts";
import { ShoalError } from "./shoal-error.ts";

const lineageKey = "shoal:lineage";

/** A block as an Arrow IPC stream, lineage included; any Arrow reader reads the columns. */
export function encodeBlock(block: Block): Uint8Array<ArrayBuffer> {
  const table = tableFromBlock(block);
  table.schema.metadata.set(lineageKey, JSON.stringify({ rows: block.rows, lineage: block.lineage }));
  return tableToIPC(table, "stream") as Uint8Array<ArrayBuffer>;
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
