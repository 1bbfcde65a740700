import { batchFromBlock, concatBlocks, loadArrow, sliceBlock, type BatchFormat, type Block } from "@shoal/core";

/** How rows are cut into batches. */
export interface IterBatchesSettings<Format extends BatchFormat = BatchFormat> {
  /** Rows of each batch; default 256. */
  readonly batchSize?: number;
  /** `columns` (the default), `rows` or `arrow`. */
  readonly batchFormat?: Format;
  /** Leaves out a last batch that is shorter. */
  readonly dropLast?: boolean;
}

/** Re-cuts blocks into batches of exactly `batchSize` rows; the last may be shorter. */
export async function* iterBatches<Batch>(blocks: AsyncIterable<Block>, settings: IterBatchesSettings): AsyncGenerator<Batch, void, undefined> {
  const { batchSize = 256, batchFormat = "columns", dropLast = false } = settings;
  if (batchFormat === "arrow") await loadArrow();
  let held: Block[] = [];
  let rows = 0;
  for await (const block of blocks) {
    held.push(block);
    rows += block.rows;
    if (rows < batchSize) continue;
    const joined = concatBlocks(held.filter((each) => each.rows > 0));
    let start = 0;
    for (; start + batchSize <= joined.rows; start += batchSize) yield batchFromBlock(sliceBlock(joined, start, start + batchSize), batchFormat) as Batch;
    held = [sliceBlock(joined, start)];
    rows = joined.rows - start;
  }
  if (rows > 0 && !dropLast) yield batchFromBlock(concatBlocks(held.filter((each) => each.rows > 0)), batchFormat) as Batch;
}
