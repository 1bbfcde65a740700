import { ShoalError } from "@shoal/core";
import type { Metadata, Transformer } from "@napi-rs/image";
import { badContent, ContentFault } from "./content-fault.ts";
import { jpegDecoder } from "./decode-jpeg.ts";
import { storeOf, type SourceFile } from "./file-store.ts";
import { isJpeg, readJpegHeader, type JpegHeader } from "./jpeg-header.ts";
import { turnUpright, type Raster } from "./turn-upright.ts";

/** What every image is brought to, whatever its file holds: grey, palette, 16 bits, alpha. */
export type ImageMode = "rgb" | "rgba" | "grey";

export interface ImageOptions {
  /** Default `rgb`. Alpha is dropped, not painted over; grey is the luma of ITU-R 601. */
  readonly mode?: ImageMode;
  /** Height and width to scale to, as they are, without keeping proportions (bilinear, smoothed when it shrinks). Default: as it is. */
  readonly size?: readonly [height: number, width: number];
  /** An image of more pixels is refused before it is decoded. Default 200 million. */
  readonly maxPixels?: number;
}

export interface DecodedImage {
  /** Row by row from the top, `channels` bytes a pixel. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 for `grey`, 3 for `rgb`, 4 for `rgba`. */
  readonly channels: number;
}

const channelsOf: Readonly<Record<ImageMode, number>> = { grey: 1, rgb: 3, rgba: 4 };

export function imageChannels(mode: ImageMode = "rgb"): number {
  return channelsOf[mode];
}

/** About half a millisecond. */
const pixelsAtOnce = 2 ** 16;

/**
 * An image's pixels: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF (the first frame of several), turned upright as its EXIF says. JPEGs give the
 * very pixels that libjpeg-turbo gives. Decoding runs in threads of its own; only small JPEGs do not.
 * @param source the bytes of the file, or its path or URL
 * @throws `bad-file`, `unsupported-file`, `file-not-found`; `missing-library` without @cornerstonejs/codec-libjpeg-turbo-8bit (JPEG) or
 * @napi-rs/image (all others, and `size`).
 */
export async function decodeImage(source: Uint8Array | string | URL, options: ImageOptions & { readonly signal?: AbortSignal } = {}): Promise<DecodedImage> {
  const { signal = new AbortController().signal } = options;
  if (source instanceof Uint8Array) return decodeImageBytes(source, "an image", options, signal);
  const path = source instanceof URL ? source.href : source;
  return decodeImageFile(await (await storeOf(path)).open(path, signal), { ...options, signal });
}

export async function decodeImageFile(file: SourceFile, options: ImageOptions & { readonly signal: AbortSignal }): Promise<DecodedImage> {
  return decodeImageBytes(await wholeFile(file, options.signal), file.path, options, options.signal);
}

async function wholeFile(file: SourceFile, signal: AbortSignal): Promise<Uint8Array> {
  if (file.size !== undefined) return file.bytes(0, file.size, signal);
  const parts: Uint8Array[] = [];
  for await (const part of file.stream(signal)) parts.push(part);
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** @param name for messages */
export async function decodeImageBytes(bytes: Uint8Array, name: string, options: ImageOptions, signal: AbortSignal): Promise<DecodedImage> {
  try {
    const header = isJpeg(bytes) ? readJpegHeader(bytes) : undefined;
    // What libjpeg-turbo's 8-bit decoder leaves out, inks above all, others can.
    const exact = header !== undefined && header.ordinary && header.bitsPerComponent === 8 && header.components <= 3;
    return await (exact ? decodeJpegBytes(bytes, header, options, signal) : decodeAnyBytes(bytes, options, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw badContent(error, "an image", name);
  }
}

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

function countPixels({ width, height }: { readonly width: number; readonly height: number }, maxPixels = 200e6): number {
  if (width * height > maxPixels) throw new ContentFault("unsupported-file", `it has ${width} × ${height} pixels, and maxPixels is ${maxPixels}`);
  return width * height;
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

function toMode(image: Raster, mode: ImageMode): Raster {
  const { width, height, channels: have, data: source } = image;
  const channels = channelsOf[mode];
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
