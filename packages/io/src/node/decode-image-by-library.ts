import { ShoalError } from "@shoal/core";
import type { Metadata, Transformer } from "@napi-rs/image";
import { ContentFault } from "../content-fault.ts";
import type { DecodedImage, DecodeImageBytes, ImageOptions } from "../decode-image.ts";
import { jpegDecoder } from "./decode-jpeg.ts";
import { countPixels, toMode } from "../image-pixels.ts";
import { isJpeg, readJpegHeader, type JpegHeader } from "../jpeg-header.ts";
import { turnUpright, type Raster } from "../turn-upright.ts";

/** About half a millisecond. */
const pixelsAtOnce = 2 ** 16;

/** JPEGs by libjpeg-turbo, all else by @napi-rs/image. */
export const decodeImageByLibrary: DecodeImageBytes = (bytes, options, signal) => {
  const header = isJpeg(bytes) ? readJpegHeader(bytes) : undefined;
  // What libjpeg-turbo's 8-bit decoder leaves out, inks above all, others can.
  const exact = header !== undefined && header.ordinary && header.bitsPerComponent === 8 && header.components <= 3;
  return exact ? decodeJpegBytes(bytes, header, options, signal) : decodeAnyBytes(bytes, options, signal);
};

/** Imported once: to import it for each image takes a tenth of its time. */
let inThreads: { decodeJpegInThread(bytes: Uint8Array, orientation: number, signal: AbortSignal): Promise<Raster> } | undefined;

async function decodeJpegBytes(bytes: Uint8Array, header: JpegHeader, { mode = "rgb", size, maxPixels }: ImageOptions, signal: AbortSignal): Promise<DecodedImage> {
  const pixels = countPixels(header, maxPixels);
  // Threads report no missing library, and small images are decoded sooner than handed over.
  const decode = await jpegDecoder();
  let image: Raster;
  if (pixels <= pixelsAtOnce) {
    await breathe();
    image = turnUpright(decode(bytes), header.orientation);
  } else {
    inThreads ??= await import("./decode-jpeg-in-thread.ts");
    image = await inThreads.decodeJpegInThread(bytes, header.orientation, signal);
  }
  return toMode(size === undefined ? image : await resize(image, size), mode);
}

/** Whatever the library can tell from its bytes; it decodes in threads of its own. */
async function decodeAnyBytes(bytes: Uint8Array, { mode = "rgb", size, maxPixels }: ImageOptions, signal: AbortSignal): Promise<DecodedImage> {
  const { Transformer: ImageFile } = await library();
  signal.throwIfAborted();
  try {
    const image = new ImageFile(bytes);
    const metadata = await image.metadata(true);
    countPixels(metadata, maxPixels);
    const [height, width] = size ?? uprightSize(metadata);
    image.rotate();
    if (size !== undefined) image.resize({ width, height, ...bilinear });
    return toMode(fromRaw(await image.rawPixels(), metadata.colorType, width, height), mode);
  } catch (error) {
    throw error instanceof ContentFault ? error : ContentFault.from(new Error(error instanceof Error ? error.message : String(error)));
  }
}

/** Orientations 5 to 8 lie on their side. */
function uprightSize({ width, height, orientation = 1 }: Metadata): readonly [height: number, width: number] {
  return orientation >= 5 ? [width, height] : [height, width];
}

// The library's enums are no values at run time: 1 is Triangle (bilinear), 1 is Fill.
const bilinear = { filter: 1, fit: 1 };

async function resize(image: Raster, [height, width]: readonly [height: number, width: number]): Promise<Raster> {
  if (image.height === height && image.width === width) return image;
  const { Transformer: ImageFile } = await library();
  const { data } = toMode(image, "rgba");
  return fromRaw(await ImageFile.fromRgbaPixels(data, image.width, image.height).resize({ width, height, ...bilinear }).rawPixels(), rgba8, width, height);
}

/** Channels and bytes a channel, by the library's colour type. */
const layouts = [[1, 1], [2, 1], [3, 1], [4, 1], [1, 2], [2, 2], [3, 2], [4, 2]] as const;
const rgba8 = 3;

function fromRaw(raw: Uint8Array, colorType: number, width: number, height: number): Raster {
  const [channels, depth] = layouts[colorType] ?? [0, 0];
  if (channels === 0) throw new ContentFault("unsupported-file", "its pixels are floats");
  if (raw.byteLength !== width * height * channels * depth) {
    throw new ContentFault("bad-file", `its decoder gave ${raw.byteLength} bytes for ${width * height} pixels of ${channels} × ${depth} bytes`);
  }
  return { width, height, channels, data: depth === 1 ? new Uint8Array(raw) : highBytes(raw) };
}

/** 16 bits a channel, low byte first, to 8: rounded, so that white stays white. */
function highBytes(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: raw.byteLength / 2 }, (_, at) => Math.round(((raw[2 * at] as number) + 256 * (raw[2 * at + 1] as number)) / 257));
}

type ImageLibrary = { readonly Transformer: typeof Transformer };

let loaded: ImageLibrary | undefined;

async function library(): Promise<ImageLibrary> {
  try {
    return (loaded ??= await import("@napi-rs/image"));
  } catch (cause) {
    throw new ShoalError("missing-library", "Images other than JPEG, and images that are scaled, need the library @napi-rs/image, which can't be imported.", {
      hint: "Install it: npm install @napi-rs/image", failure: "bug", cause,
    });
  }
}

let lastBreath = 0;

/** Decoding many small images on this thread must not keep its timers waiting. */
async function breathe(): Promise<void> {
  if (performance.now() - lastBreath < 10) return;
  await new Promise((resolve) => setImmediate(resolve));
  lastBreath = performance.now();
}
