/** IEEE half floats (as their 16 bits) to float32. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const result = new Float32Array(bits.length);
  for (let at = 0; at < bits.length; at++) result[at] = decode(bits[at] as number);
  return result;
}

function decode(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Float32 to the bits of half floats: rounds to nearest even, beyond 65,504 becomes infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, encode);
}

function encode(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x33000000) return sign;
  const exponent = magnitude >>> 23;
  // Below 2^-14 a half has no hidden bit: its fraction is the whole significand, shifted.
  if (exponent < 113) return sign | rounded((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
  return sign | rounded(magnitude - 0x38000000, 13);
}

/** `value` / 2^shift, to nearest, ties to even. */
function rounded(value: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const rest = value % (2 * half);
  const floor = (value - rest) / (2 * half);
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor;
}
