import { missingColumn, requireColumn, sliceBlock, type Block, type Column, type Partition, type Schema, type Span } from "@shoal/core";
import type { Scan } from "@shoal/planner";
import { abortable } from "../streams/abort.ts";
import { copyBlock, type Reach } from "../streams/copy-block.ts";
import type { Operator } from "./operator.ts";
import { sourceFailed } from "./source-failed.ts";

/**
 * Reads the partitions of a source one after another, each only when the one before is used up.
 * @param written what may be changed in place by those who get its blocks: of memory that is read again they get copies
 */
export function scan({ source, columns, limit }: Scan, written: Reach | undefined): Operator {
  const { sharesMemory } = source;
  return async function* (_inputs, { signal, record, scan: tracking }) {
    const from = tracking?.from ?? { partition: 0, row: 0 };
    const resumes = from.partition > 0 || from.row > 0;
    let left = (limit ?? Infinity) - (tracking?.start?.rows ?? 0);
    let blocks = 0;
    let at = 0;
    if (left > 0 && from.partition < Infinity) {
      let reading: Partition | undefined;
      let row = 0;
      try {
        partitions: for await (const partition of abortable(source.partitions(signal), signal)) {
          const mark = tracking?.begin(partition);
          if (at++ < from.partition) continue;
          reading = partition;
          const firstRow = (row = at - 1 === from.partition ? from.row : 0);
          const before = { ...record.read };
          const onRead = (rows: number, bytes: number): void => void Object.assign(record.read, { rows: before.rows + rows, bytes: before.bytes + bytes });
          const options = { signal, onRead, ...(columns && { columns }), ...(left < Infinity ? { limit: left } : {}), ...(firstRow > 0 ? { firstRow } : {}) };
          for await (const given of abortable(source.read(partition, options), signal)) {
            const block = mark === undefined ? given : placed(given, { ...mark, partition: partition.id, version: partition.version, firstRow: row, rows: given.rows });
            row += block.rows;
            if (block.rows === 0) continue;
            if (blocks === 0 && columns !== undefined) await assertColumns(source, partition, block, columns, signal);
            blocks++;
            const taken = block.rows > left ? sliceBlock(block, 0, left) : block;
            left -= taken.rows;
            tracking?.passed(taken);
            yield sharesMemory === undefined || written === undefined ? taken : copyBlock(taken, sharesMemory, written);
            if (left <= 0) break partitions;
          }
          reading = undefined;
        }
      } catch (error) {
        throw signal.aborted ? error : sourceFailed(error, source, reading, row);
      }
    }
    if (blocks > 0 || resumes) return;
    const schema = await source.schema?.(signal);
    // Also where no column is known: steps after it then add theirs, and the output gets those.
    yield emptyBlock(schema ?? { fields: [] }, columns);
  };
}

/** A source's rows come in order: where they lie is known even if it does not say so. */
function placed(block: Block, span: Span): Block {
  return { ...block, lineage: [span] };
}

/** A block that was asked for some columns can't tell which others there are, and a message about a missing one should. */
async function assertColumns(source: Scan["source"], partition: Partition, block: Block, columns: readonly string[], signal: AbortSignal): Promise<void> {
  const missing = columns.find((name) => block.columns[name] === undefined);
  if (missing === undefined) return;
  for await (const whole of abortable(source.read(partition, { signal, limit: 1 }), signal)) requireColumn(whole, missing);
}

/** No rows, but the columns: what an output of an empty input gets its schema from. */
function emptyBlock(schema: Schema, names: readonly string[] | undefined): Block {
  const columns: Record<string, Column> = {};
  for (const { name, type } of schema.fields) if (names === undefined || names.includes(name)) columns[name] = missingColumn(0, type);
  return { rows: 0, columns, lineage: [] };
}
