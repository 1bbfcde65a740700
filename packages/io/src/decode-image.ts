import { platform } from "#platform";
import { badContent } from "./content-fault.ts";
import { storeOf, type SourceFile } from "./file-store.ts";
import { blobFile } from "./blob-file.ts";

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

/** Brings an image's bytes to pixels, as a runtime can. @throws ContentFault, `missing-library` */
export type DecodeImageBytes = (bytes: Uint8Array, options: ImageOptions, signal: AbortSignal) => Promise<DecodedImage>;

/**
 * An image's pixels: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF (the first frame of several), turned upright as its EXIF says. JPEGs give the
 * very pixels that libjpeg-turbo gives. Decoding runs in threads of its own; only small JPEGs do not. In a page the browser decodes what it
 * can (no TIFF).
 * @param source the bytes of the file, or its path or URL, or a Blob
 * @throws `bad-file`, `unsupported-file`, `file-not-found`; outside browsers `missing-library` without @cornerstonejs/codec-libjpeg-turbo-8bit
 * (JPEG) or @napi-rs/image (all others, and `size`).
 */
export async function decodeImage(source: Uint8Array | string | URL | Blob, options: ImageOptions & { readonly signal?: AbortSignal } = {}): Promise<DecodedImage> {
  const { signal = new AbortController().signal } = options;
  if (source instanceof Uint8Array) return decodeImageBytes(source, "an image", options, signal);
  if (source instanceof Blob) return decodeImageFile(blobFile(source instanceof File ? source.name : "an image", source), { ...options, signal });
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
async function decodeImageBytes(bytes: Uint8Array, name: string, options: ImageOptions, signal: AbortSignal): Promise<DecodedImage> {
  try {
    return await (await platform.imageDecoder())(bytes, options, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw badContent(error, "an image", name);
  }
}
