import { missingColumn, sliceBlock, type Block, type Column, type Schema } from "@shoal/core";
import type { Scan } from "@shoal/planner";
import { abortable } from "../streams/abort.ts";
import type { Operator } from "./operator.ts";

/** Reads the partitions of a source one after another, each only when the one before is used up. */
export function scan({ source, columns, limit }: Scan): Operator {
  return async function* (_inputs, { signal }) {
    let left = limit ?? Infinity;
    let blocks = 0;
    if (left > 0) {
      partitions: for await (const partition of abortable(source.partitions(signal), signal)) {
        const options = { signal, ...(columns && { columns }), ...(left < Infinity ? { limit: left } : {}) };
        for await (const block of abortable(source.read(partition, options), signal)) {
          if (block.rows === 0) continue;
          blocks++;
          const taken = block.rows > left ? sliceBlock(block, 0, left) : block;
          left -= taken.rows;
          yield taken;
          if (left <= 0) break partitions;
        }
      }
    }
    if (blocks > 0) return;
    const schema = await source.schema?.(signal);
    if (schema !== undefined) yield emptyBlock(schema, columns);
  };
}

/** No rows, but the columns: what an output of an empty input gets its schema from. */
function emptyBlock(schema: Schema, names: readonly string[] | undefined): Block {
  const columns: Record<string, Column> = {};
  for (const { name, type } of schema.fields) if (names === undefined || names.includes(name)) columns[name] = missingColumn(0, type);
  return { rows: 0, columns, lineage: [] };
}
