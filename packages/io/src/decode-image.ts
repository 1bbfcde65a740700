import { ShoalError } from "@shoal/core";
import type { Metadata, Transformer } from "@napi-rs/image";
import { badContent, ContentFault } from "./content-fault.ts";
import { storeOf, type SourceFile } from "./file-store.ts";

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

/**
 * An image's pixels: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF (the first frame of several), turned upright as its EXIF says. Decoding runs
 * in threads of its own.
 * @param source the bytes of the file, or its path or URL
 * @throws `bad-file`, `unsupported-file`, `file-not-found`; `missing-library` without @napi-rs/image.
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
  const { mode = "rgb", size, maxPixels = 200e6 } = options;
  const { Transformer: ImageFile } = await library();
  signal.throwIfAborted();
  try {
    const image = new ImageFile(bytes);
    const metadata = await image.metadata(true);
    if (metadata.width * metadata.height > maxPixels) throw new ContentFault("unsupported-file", `it has ${metadata.width} × ${metadata.height} pixels, and maxPixels is ${maxPixels}`);
    const [height, width] = size ?? uprightSize(metadata);
    image.rotate();
    // The library's enums are no values at run time: 1 is Triangle (bilinear), 1 is Fill.
    if (size !== undefined) image.resize({ width, height, filter: 1, fit: 1 });
    const raw = await image.rawPixels();
    const channels = channelsOf[mode];
    return { data: inMode(raw, metadata.colorType, width * height, channels), width, height, channels };
  } catch (error) {
    signal.throwIfAborted();
    const fault = error instanceof ContentFault ? error : ContentFault.from(new Error(error instanceof Error ? error.message : String(error)));
    throw badContent(fault, "an image", name);
  }
}

/** Orientations 5 to 8 lie on their side. */
function uprightSize({ width, height, orientation = 1 }: Metadata): readonly [height: number, width: number] {
  return orientation >= 5 ? [width, height] : [height, width];
}

/** Channels and bytes a channel, by the library's colour type. */
const layouts = [[1, 1], [2, 1], [3, 1], [4, 1], [1, 2], [2, 2], [3, 2], [4, 2]] as const;

function inMode(raw: Uint8Array, colorType: number, pixels: number, channels: number): Uint8Array {
  const [have, depth] = layouts[colorType] ?? [0, 0];
  if (have === 0) throw new ContentFault("unsupported-file", "its pixels are floats");
  if (raw.byteLength !== pixels * have * depth) throw new ContentFault("bad-file", `its decoder gave ${raw.byteLength} bytes for ${pixels} pixels of ${have} × ${depth} bytes`);
  const source = depth === 1 ? raw : highBytes(raw);
  if (have === channels) return new Uint8Array(source);
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
  return data;
}

/** 16 bits a channel, low byte first, to 8: rounded, so that white stays white. */
function highBytes(raw: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: raw.byteLength / 2 }, (_, at) => Math.round(((raw[2 * at] as number) + 256 * (raw[2 * at + 1] as number)) / 257));
}

async function library(): Promise<{ Transformer: typeof Transformer }> {
  try {
    return await import("@napi-rs/image");
  } catch (cause) {
    throw new ShoalError("missing-library", "Images are decoded by the library @napi-rs/image, which can't be imported.", { hint: "Install it: npm install @napi-rs/image", failure: "bug", cause });
  }
}
