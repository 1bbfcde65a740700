import type { Raster } from "../turn-upright.ts";

/** Bilinear, smoothed when it shrinks, without keeping proportions: what Pillow calls BILINEAR. A canvas scales otherwise in each browser. */
export function resizeBilinear(image: Raster, [height, width]: readonly [height: number, width: number]): Raster {
  const { channels } = image;
  if (image.width === width && image.height === height) return image;
  const wide = new Uint8Array(width * image.height * channels);
  scale(image.data, wide, image.width, width, image.height, channels, image.width * channels, width * channels, channels);
  const data = new Uint8Array(width * height * channels);
  scale(wide, data, image.height, height, width, width * channels, channels, channels, channels);
  return { width, height, channels, data };
}

/**
 * Scales lines of `from` pixels to lines of `to` pixels.
 * @param step between the pixels of a line, in and out
 * @param fromLine between lines, in; `toLine`: out
 */
function scale(source: Uint8Array, target: Uint8Array, from: number, to: number, lines: number, step: number, fromLine: number, toLine: number, channels: number): void {
  const ratio = from / to;
  // A triangle as wide as two pixels of the larger raster.
  const reach = Math.max(1, ratio);
  for (let at = 0; at < to; at++) {
    const centre = (at + 0.5) * ratio;
    const first = Math.max(0, Math.round(centre - reach));
    const last = Math.min(from, Math.round(centre + reach));
    const weights = Array.from({ length: last - first }, (_, index) => Math.max(0, 1 - Math.abs((first + index + 0.5 - centre) / reach)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let line = 0; line < lines; line++) {
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        for (let index = 0; index < weights.length; index++) value += (weights[index] as number) * (source[line * fromLine + (first + index) * step + channel] as number);
        target[line * toLine + at * step + channel] = Math.round(value / sum);
      }
    }
  }
}
