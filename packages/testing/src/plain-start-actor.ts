import type { Block, BlockResult, Predictor, StartActor } from "@shoal/core";

/** The least that can stand inside an actor: one batch per block, no retry, errors as they are. For tests of hosts. */
export const plainStartActor: StartActor = (predictor, _request, onProgress, counts) => {
  let ticks = 0;
  return {
    async process(block, signal): Promise<BlockResult> {
      const prepared = (await predictor.preprocess?.(block, signal)) ?? block;
      const start = performance.now();
      onProgress({ phase: "predict", rows: [0, block.rows - 1], ticks: ++ticks });
      try {
        const predicted = await firstBlock(predictor, prepared, signal);
        const ms = performance.now() - start;
        const result = (await predictor.postprocess?.(predicted, signal)) ?? predicted;
        return {
          block: { ...result, lineage: block.lineage }, failures: [], batches: [{ rows: block.rows, ms, failed: false }],
          preprocessMs: 0, predictMs: ms, postprocessMs: 0, counts: Object.fromEntries(counts), batchRows: block.rows, collapsedRows: 0,
        };
      } finally {
        counts.clear();
        onProgress({ phase: "idle", ticks: ++ticks });
      }
    },
    async [Symbol.asyncDispose]() {
      await predictor.dispose?.();
    },
  };
};

async function firstBlock(predictor: Predictor, batch: Block, signal: AbortSignal): Promise<Block> {
  const result = predictor.predict(batch, signal);
  if (!(Symbol.asyncIterator in result)) return result;
  for await (const block of result) return block;
  return { rows: 0, columns: {}, lineage: batch.lineage };
}
