import { ShoalError, type BlockResult } from "@shoal/core";
import { failedResult } from "@shoal/executor";
import type { PartMessage } from "../connection/messages.ts";
import { takeBlock } from "../connection/own-blocks.ts";

/** What became of some rows of a block, as the executor has it of its own actors. @throws `bad-block` */
export function partResult({ rows, failures, error, stats, block }: Pick<PartMessage, "rows" | "failures" | "error" | "stats" | "block">, payload: Uint8Array | undefined): BlockResult {
  if (error !== undefined) {
    // Workers failed at these very rows, or vanished over them, until they were given up.
    const attempts = Number(error.details?.["attempts"] ?? 1);
    return failedResult(Array.from({ length: rows }, (_, row) => ({ row, error, attempts })));
  }
  if (payload === undefined && failures.length < rows) throw new ShoalError("bad-block", `The result for ${rows} rows of block ${block} came without them.`, { failure: "bug", hint: "Run the same version of Shoal on the coordinator." });
  const { batches = [], counts = {}, preprocessMs = 0, predictMs = 0, postprocessMs = 0, collapsedRows = 0, memoryBytes } = stats ?? {};
  const batched = batches.reduce((sum, each) => sum + each, 0);
  return {
    block: payload === undefined ? { rows: 0, columns: {}, lineage: [] } : takeBlock(payload),
    failures,
    batches: batches.map((each) => ({ rows: each, ms: batched === 0 ? 0 : (predictMs * each) / batched, failed: false })),
    preprocessMs, predictMs, postprocessMs, counts,
    batchRows: Math.max(0, ...batches.slice(0, 1024)),
    collapsedRows,
    ...(memoryBytes !== undefined && { memoryBytes }),
  };
}
