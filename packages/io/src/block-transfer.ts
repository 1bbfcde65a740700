import { arrowFor, packBlock, unpackBlock, type Block, type SentBlock } from "@shoal/core";

/** A block ready to be posted to another thread, and the memory that moves there. Of which rows it is made is not sent. */
export async function sendBlock(block: Block): Promise<{ value: SentBlock; transfer: ArrayBuffer[] }> {
  await arrowFor(block);
  const transfer: ArrayBuffer[] = [];
  return { value: packBlock({ ...block, lineage: [] }, transfer), transfer };
}

export async function receiveBlock(sent: SentBlock): Promise<Block> {
  await arrowFor(sent);
  return unpackBlock(sent);
}
