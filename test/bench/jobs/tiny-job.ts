// What a scripted driver brings: blocks that differ in one number, of a segment of no model.
import { columnFromValues, createBlock } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";

export { doubler } from "./doubler.ts";

/** A block of numbers for each index: one is encoded, the others are it with another first number. Of a block that nobody needs any more the memory may be used again. */
export function numberedBlocks(column: string, rows: number): (index: number, used?: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> {
  const marker = 12_345.678;
  const encoded = encodeBlock(createBlock({ [column]: columnFromValues([marker, ...Array.from({ length: rows - 1 }, () => 0.5)]) }));
  const at = Buffer.from(encoded).indexOf(Buffer.from(new Float64Array([marker]).buffer));
  if (at < 0) throw new Error("The number is not where it was looked for.");
  return (index, used) => {
    const bytes = used ?? new Uint8Array(encoded);
    new DataView(bytes.buffer).setFloat64(at, index + 0.25, true);
    return bytes;
  };
}
