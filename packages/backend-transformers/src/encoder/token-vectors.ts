/** The vectors of each row's tokens, without padding. */
export function tokenVectors(data: Float32Array, size: number, width: number, lengths: readonly number[]): Float32Array[] {
  return lengths.map((length, row) => data.slice(row * width * size, (row * width + length) * size));
}

/** Scales each vector of `size` numbers to length 1, in place; one of zeros stays. */
export function normalizeRows(vectors: Float32Array, size: number): void {
  for (let start = 0; start < vectors.length; start += size) {
    const vector = vectors.subarray(start, start + size);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) vector.forEach((value, at) => (vector[at] = value / length));
  }
}
