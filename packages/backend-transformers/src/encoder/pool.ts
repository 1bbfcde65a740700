import type { Pooling } from "../feature-extraction.ts";

/**
 * One vector of `size` numbers a row, from vectors of `width` tokens a row, padded on the right.
 * @param lengths tokens of each row that are not padding.
 */
export function pool(data: Float32Array, size: number, width: number, lengths: readonly number[], pooling: Exclude<Pooling, "none">): Float32Array {
  const pooled = new Float32Array(lengths.length * size);
  lengths.forEach((length, row) => {
    const tokens = data.subarray(row * width * size, (row * width + length) * size);
    const target = pooled.subarray(row * size, (row + 1) * size);
    if (pooling === "mean") mean(tokens, target);
    else if (length > 0) target.set(pooling === "cls" ? tokens.subarray(0, size) : tokens.subarray((length - 1) * size));
  });
  return pooled;
}

function mean(tokens: Float32Array, target: Float32Array): void {
  const size = target.length;
  const sums = new Float64Array(size);
  for (let start = 0; start < tokens.length; start += size) {
    for (let at = 0; at < size; at++) sums[at] = (sums[at] as number) + (tokens[start + at] as number);
  }
  const count = Math.max(1, tokens.length / size);
  for (let at = 0; at < size; at++) target[at] = (sums[at] as number) / count;
}

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
