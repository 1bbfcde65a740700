const magic = 0x184d2204;

/** The content of an LZ4 frame: Arrow's `LZ4_FRAME`. Checksums are not looked at. @throws RangeError where the frame is damaged. */
export function decodeLz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getUint32(0, true) !== magic) throw new RangeError("it is no LZ4 frame");
  const flags = view.getUint8(4);
  const hasContentSize = (flags & 8) !== 0;
  let at = 7 + (hasContentSize ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0);
  const output = new Growing(hasContentSize ? Number(view.getBigUint64(6, true)) : 4 * input.byteLength);
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return output.bytes.subarray(0, output.length);
    const size = word & 0x7fff_ffff;
    if (at + size > input.byteLength) throw new RangeError("an LZ4 block is cut short");
    const block = input.subarray(at, at + size);
    if (word >>> 31 === 1) output.append(block);
    else decodeBlock(block, output);
    at += size + ((flags & 16) !== 0 ? 4 : 0);
  }
}

/** Blocks may refer to what blocks before them gave, so all share one output. */
function decodeBlock(block: Uint8Array, output: Growing): void {
  let at = 0;
  const extended = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) {
      if (at >= block.length) throw new RangeError("an LZ4 block is cut short");
      byte = block[at++] as number;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = extended(token >> 4);
    if (at + literals > block.length) throw new RangeError("an LZ4 block is cut short");
    output.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = (block[at] as number) | ((block[at + 1] as number) << 8);
    at += 2;
    output.repeat(distance, extended(token & 15) + 4);
  }
}

class Growing {
  bytes: Uint8Array;
  length = 0;

  /** Damaged frames claim sizes too: what is believed at once has a limit. */
  constructor(expected: number) {
    this.bytes = new Uint8Array(Math.min(Math.max(expected, 64), 64 << 20));
  }

  append(part: Uint8Array): void {
    this.#reserve(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  repeat(distance: number, count: number): void {
    if (!(distance > 0 && distance <= this.length)) throw new RangeError("an LZ4 block refers to bytes before its beginning");
    this.#reserve(count);
    const end = this.length + count;
    for (; this.length < end; this.length++) this.bytes[this.length] = this.bytes[this.length - distance] as number;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
