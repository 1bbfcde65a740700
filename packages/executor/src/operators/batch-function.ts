import { arrowForBatch, batchFromBlock, blockFromBatch, blockRow, concatBlocks, lineageTogether, loadArrow, sliceBlock, type Block } from "@shoal/core";
import type { BatchFunctionStage } from "@shoal/planner";
import { orAborted } from "../streams/abort.ts";
import { functionFailed } from "./function-failed.ts";
import { inputOf, type Operator } from "./operator.ts";

/** A closure over batches: gives a batch, a promise of one, or a generator of several. What fails is the batch. */
export function batchFunction(stage: BatchFunctionStage): Operator {
  const name = stage.step.name === "" ? "mapBatches" : `mapBatches(${stage.step.name})`;
  return async function* ([input], { signal, errors, record }) {
    const onError = errors.policyOf(stage);
    let any = false;
    let empty: Block | undefined;
    for await (const block of inputOf(input)) {
      if (block.rows === 0) {
        empty ??= block;
        continue;
      }
      const size = stage.batchSize === "auto" ? block.rows : stage.batchSize;
      const done: Block[] = [];
      for (let start = 0; start < block.rows; start += size) {
        const batch = sliceBlock(block, start, start + size);
        try {
          for (const piece of await orAborted(callFunction(stage, name, batch), signal)) done.push(piece);
        } catch (error) {
          if (signal.aborted) throw error;
          const data = functionFailed(error);
          const failed = Array.from({ length: batch.rows }, (_, row) => ({ at: start + row, row: () => blockRow(batch, row), error: data, attempts: 1, batch: { first: start, rows: batch.rows } }));
          await errors.settle(name, onError, failed, block, record);
        }
      }
      const result = concatBlocks(done);
      if (result.rows === 0) continue;
      any = true;
      yield { ...result, lineage: lineageTogether(block.lineage, result.rows) };
    }
    if (!any && empty !== undefined) yield empty;
  };
}

async function callFunction(stage: BatchFunctionStage, name: string, batch: Block): Promise<Block[]> {
  if (stage.batchFormat === "arrow") await loadArrow();
  const blockOf = async (result: unknown): Promise<Block> => {
    await arrowForBatch(result);
    return blockFromBatch(result, name);
  };
  const result = await stage.step.run(batchFromBlock(batch, stage.batchFormat));
  if (!isStream(result)) return [await blockOf(result)];
  const pieces: Block[] = [];
  for await (const piece of result) pieces.push(await blockOf(piece));
  return pieces;
}

/** A generator gives batches; an array gives rows. */
function isStream(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && "next" in value);
}
