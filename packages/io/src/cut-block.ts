import { blockBytes, sliceBlock, type Block } from "@shoal/core";

export const maxBlockRows = 4096;
export const maxBlockBytes = 16 * 1024 * 1024;

/** Pieces of a block that keep both limits; one row may exceed the bytes. */
export function* cutBlock(block: Block): Iterable<Block> {
  const bytes = block.rows > 1 ? blockBytes(block) : 0;
  const pieces = Math.min(block.rows, Math.max(Math.ceil(block.rows / maxBlockRows), Math.ceil(bytes / maxBlockBytes)));
  if (pieces <= 1) {
    if (block.rows > 0) yield block;
    return;
  }
  const rows = Math.ceil(block.rows / pieces);
  for (let start = 0; start < block.rows; start += rows) yield* cutBlock(sliceBlock(block, start, start + rows));
}
