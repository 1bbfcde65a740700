import type { Pixels } from "./pixels.ts";
import { sampleBilinear } from "./sample-bilinear.ts";

/** Pillow's numbers for its filters, as preprocessor_config.json has them: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming. */
export type Resample = 0 | 1 | 2 | 3 | 4 | 5;

/** What a pixel of a smaller image is made of: a few source pixels, or all that it covers. */
export type Reduction = "sample" | "average";

interface Filter {
  /** Source pixels to each side of a target pixel's centre, at scale 1. */
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const filters: Readonly<Record<Exclude<Resample, 0>, Filter>> = {
  1: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
  2: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  3: { support: 2, weight: (x) => bicubic(Math.abs(x)) },
  4: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  5: { support: 1, weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function bicubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/**
 * An image in another size.
 * - `"sample"`: as transformers.js does it. Bilinear and bicubic look at the nearest 2 and 4 source pixels however much smaller the result is,
 *   counted from the top left corner; Lanczos is as below.
 * - `"average"`: as Pillow, and so Python's transformers, does it. The filter widens with the reduction (antialiasing).
 */
export function resize(image: Pixels, width: number, height: number, resample: Resample, reduction: Reduction): Pixels {
  if (image.width === width && image.height === height) return image;
  if (resample === 0) return nearest(image, width, height);
  const samples = reduction === "sample" && resample !== 1;
  if (samples && resample !== 3) return sampleBilinear(image, width, height);
  const filter = filters[resample];
  const place = samples ? sampling : averaging;
  const wide = image.width === width ? image : resizeRows(image, width, contributions(image.width, width, filter, place));
  return wide.height === height ? wide : resizeColumns(wide, height, contributions(wide.height, height, filter, place));
}

function nearest(image: Pixels, width: number, height: number): Pixels {
  const { channels, data } = image;
  const result = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const fromRow = Math.floor(((y + 0.5) * image.height) / height) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (fromRow + Math.floor(((x + 0.5) * image.width) / width)) * channels;
      for (let channel = 0; channel < channels; channel++) result[(y * width + x) * channels + channel] = data[from + channel] as number;
    }
  }
  return { width, height, channels, data: result };
}

/** For each target position the first source position it is made of, and the weights from there on. */
interface Contribution {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Where a target position lies in the source (the first pixel from 0 to 1), and how far the filter is stretched. */
type Place = (position: number, scale: number) => readonly [centre: number, spread: number];

const sampling: Place = (position, scale) => [position * scale + 0.5, 1];
const averaging: Place = (position, scale) => [(position + 0.5) * scale, Math.max(1, scale)];

function contributions(from: number, to: number, { support, weight }: Filter, place: Place): Contribution[] {
  return Array.from({ length: to }, (_, position) => {
    const [centre, spread] = place(position, from / to);
    const first = Math.max(0, Math.trunc(centre - support * spread + 0.5));
    const end = Math.min(from, Math.trunc(centre + support * spread + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_unused, offset) => weight((first + offset - centre + 0.5) / spread));
    const sum = weights.reduce((total, own) => total + own, 0);
    return { first, weights: weights.map((own) => own / sum) };
  });
}

function resizeRows({ data, width: from, height, channels }: Pixels, width: number, parts: readonly Contribution[]): Pixels {
  const result = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = parts[x] as Contribution;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        let at = (y * from + first) * channels + channel;
        for (let offset = 0; offset < weights.length; offset++, at += channels) sum += (weights[offset] as number) * (data[at] as number);
        result[(y * width + x) * channels + channel] = sum;
      }
    }
  }
  return { width, height, channels, data: result };
}

function resizeColumns({ data, width, channels }: Pixels, height: number, parts: readonly Contribution[]): Pixels {
  const result = new Uint8ClampedArray(width * height * channels);
  const stride = width * channels;
  const sums = new Float64Array(stride);
  parts.forEach(({ first, weights }, y) => {
    sums.fill(0);
    weights.forEach((weight, offset) => {
      const start = (first + offset) * stride;
      for (let at = 0; at < stride; at++) sums[at] = (sums[at] as number) + weight * (data[start + at] as number);
    });
    result.set(sums, y * stride);
  });
  return { width, height, channels, data: result };
}
