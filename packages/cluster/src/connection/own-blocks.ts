import type { Block } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";

/** By their bytes: what this process has encoded, and nobody has taken. */
const blocks = new WeakMap<Uint8Array, Block>();

/** A block as it travels. Where its bytes don't leave this process, {@link takeBlock} gives the block itself. */
export function payloadOf(block: Block): Uint8Array<ArrayBuffer> {
  const payload = encodeBlock(block);
  blocks.set(payload, block);
  return payload;
}

/**
 * The block of a payload, to be read only. Of one that was encoded here it is that very block, whose columns others may hold too, and nothing is decoded; for the first who asks alone.
 * @throws `bad-block`
 */
export function takeBlock(payload: Uint8Array): Block {
  const own = blocks.get(payload);
  blocks.delete(payload);
  return own ?? decodeBlock(payload);
}

/** Its bytes have left this process: nobody here will ask for it. */
export function hasLeft(payload: Uint8Array): void {
  blocks.delete(payload);
}
