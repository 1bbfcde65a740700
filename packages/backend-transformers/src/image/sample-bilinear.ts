import type { Pixels } from "./pixels.ts";

/** Weights of four neighbours add up to 2^12, as in libvips: so results are transformers.js' to the last bit. */
const bits = 12;
const one = 1 << bits;

/** For each target position its two source positions, and the weight of the second. */
interface Neighbours {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Int32Array;
}

/** An image in another size: each pixel from the four nearest, positions counted from the top left corner. */
export function sampleBilinear({ data, width: fromWidth, height: fromHeight, channels }: Pixels, width: number, height: number): Pixels {
  const columns = neighbours(fromWidth, width);
  const rows = neighbours(fromHeight, height);
  const result = new Uint8Array(width * height * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    const upper = (rows.first[y] as number) * fromWidth;
    const lower = (rows.second[y] as number) * fromWidth;
    const down = rows.weight[y] as number;
    for (let x = 0; x < width; x++) {
      const left = columns.first[x] as number;
      const right = columns.second[x] as number;
      const across = columns.weight[x] as number;
      const lowerRight = (down * across) >> bits;
      const upperRight = ((one - down) * across) >> bits;
      const lowerLeft = down - lowerRight;
      const upperLeft = one - down - upperRight;
      for (let channel = 0; channel < channels; channel++) {
        const sum =
          upperLeft * (data[(upper + left) * channels + channel] as number) + upperRight * (data[(upper + right) * channels + channel] as number) +
          lowerLeft * (data[(lower + left) * channels + channel] as number) + lowerRight * (data[(lower + right) * channels + channel] as number);
        result[target++] = (sum + one / 2) >> bits;
      }
    }
  }
  return { width, height, channels, data: result };
}

function neighbours(from: number, to: number): Neighbours {
  const first = new Int32Array(to);
  const weight = new Int32Array(to);
  const step = 1 / (to / from);
  // Summed up, not multiplied: again as libvips does it.
  for (let at = 0, position = 0; at < to; at++, position += step) {
    first[at] = Math.min(from - 1, Math.floor(position));
    weight[at] = Math.floor((position - (first[at] as number)) * one);
  }
  return { first, weight, second: first.map((position) => Math.min(from - 1, position + 1)) };
}
