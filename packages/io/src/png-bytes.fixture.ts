/** A PNG of 8-bit RGBA pixels, given row by row. */
export async function pngBytes(width: number, pixels: readonly (readonly number[])[]): Promise<Uint8Array<ArrayBuffer>> {
  const height = pixels.length / width;
  const raw = new Uint8Array(height * (1 + 4 * width));
  pixels.forEach((pixel, at) => raw.set(pixel, Math.floor(at / width) * (1 + 4 * width) + 1 + 4 * (at % width)));
  const packed = new Uint8Array(await new Response(new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
  return joined([[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10], chunk("IHDR", [...int32(width), ...int32(height), 8, 6, 0, 0, 0]), chunk("IDAT", packed), chunk("IEND", [])]);
}

function chunk(name: string, data: ArrayLike<number>): Uint8Array {
  const body = joined([new TextEncoder().encode(name), data]);
  return joined([int32(data.length), body, int32(crc32(body))]);
}

function int32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
