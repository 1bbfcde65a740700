import { type Block, type BlockResult, type PredictorSpec } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import type { ResultMessage } from "../connection/messages.ts";
import { payloadOf } from "../connection/own-blocks.ts";
import type { HeldResult } from "./held-results.ts";
import type { Leased } from "./lease-queue.ts";

/** What was computed of a task, as it is sent. Of what joins the row only the new columns travel. @param sharesProcess the coordinator is in this process */
export function answer({ task, attempt, input }: Leased, spec: PredictorSpec, result: BlockResult, device: string, sharesProcess: boolean): HeldResult {
  const block = answerBlock(spec, result.block);
  const payload = sharesProcess ? payloadOf(block) : encodeBlock(block);
  const message: ResultMessage = {
    kind: "result", task, attempt, rows: result.block.rows, ...(input !== undefined && { input }), failures: result.failures,
    stats: {
      device, preprocessMs: result.preprocessMs, predictMs: result.predictMs, postprocessMs: result.postprocessMs,
      batches: result.batches.filter(({ part }) => part !== true).map(({ rows }) => rows), counts: result.counts,
      ...(result.collapsedRows > 0 && { collapsedRows: result.collapsedRows }),
      ...(result.memoryBytes !== undefined && { memoryBytes: result.memoryBytes }),
    },
  };
  return { message, payload };
}

function answerBlock(spec: PredictorSpec, block: Block): Block {
  if (spec.kind === "module") return block;
  const columns = Object.fromEntries(spec.adds.flatMap((name) => (block.columns[name] === undefined ? [] : [[name, block.columns[name]]])));
  return { ...block, columns };
}
