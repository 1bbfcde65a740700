import { ContentFault } from "./content-fault.ts";
import { imageChannels, type ImageMode } from "./decode-image.ts";
import type { Raster } from "./turn-upright.ts";

/** @throws ContentFault for more pixels than `maxPixels` */
export function countPixels({ width, height }: { readonly width: number; readonly height: number }, maxPixels = 200e6): number {
  if (width * height > maxPixels) throw new ContentFault("unsupported-file", `it has ${width} × ${height} pixels, and maxPixels is ${maxPixels}`);
  return width * height;
}

/** The channels that a mode has, from those that are there. */
export function toMode(image: Raster, mode: ImageMode): Raster {
  const { width, height, channels: have, data: source } = image;
  const channels = imageChannels(mode);
  if (have === channels) return image;
  const pixels = width * height;
  const data = new Uint8Array(pixels * channels);
  const colours = have < 3 ? 1 : 3;
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++, from += have, to += channels) {
    const red = source[from] as number;
    const green = colours === 1 ? red : (source[from + 1] as number);
    const blue = colours === 1 ? red : (source[from + 2] as number);
    if (channels === 1) {
      data[to] = colours === 1 ? red : (19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16;
      continue;
    }
    data[to] = red;
    data[to + 1] = green;
    data[to + 2] = blue;
    if (channels === 4) data[to + 3] = have === colours ? 255 : (source[from + colours] as number);
  }
  return { width, height, channels, data };
}
