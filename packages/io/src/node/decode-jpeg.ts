import { ShoalError } from "@shoal/core";
import { ContentFault } from "../content-fault.ts";
import type { Raster } from "../turn-upright.ts";

const library = "@cornerstonejs/codec-libjpeg-turbo-8bit";

/** Decodes a JPEG of 8 bits, grey or colour, as it is stored. It holds its thread while it does. */
export type DecodeJpeg = (bytes: Uint8Array) => Raster;

/** libjpeg-turbo compiled to WebAssembly. */
interface Codec {
  readonly JPEGDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getDecodedBuffer(): Uint8Array;
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
    delete(): void;
  };
}

type CodecFactory = (settings: { print(line: string): void; printErr(line: string): void }) => Promise<Codec>;

/** An instance never gives memory back: past these it makes room for a new one. */
const mostPixels = 2 ** 24;
const mostFailures = 100;

let loading: Promise<Codec> | undefined;
let failures = 0;

/**
 * libjpeg-turbo is what Pillow, OpenCV and sharp decode with, so models were trained, and their results written down, with its pixels;
 * other decoders differ from it by up to 4 of 255 levels.
 * @throws `missing-library`
 */
export async function jpegDecoder(): Promise<DecodeJpeg> {
  const codec = await (loading ??= load());
  return (bytes) => {
    const decoder = new codec.JPEGDecoder();
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
    } catch (error) {
      // Its own errors are addresses, of no use to anyone; after others, as when memory ran out, the instance is done for.
      if (typeof error !== "number") {
        forget();
        throw new ContentFault("bad-file", `its decoder failed: ${error instanceof Error ? error.message : String(error)}`, error);
      }
      decoder.delete();
      if (++failures % mostFailures === 0) forget();
      throw new ContentFault("bad-file", "its data is damaged or cut off");
    }
    const { width, height, componentCount: channels } = decoder.getFrameInfo();
    const data = new Uint8Array(decoder.getDecodedBuffer());
    decoder.delete();
    if (width * height > mostPixels) forget();
    return { width, height, channels, data };
  };
}

function forget(): void {
  loading = undefined;
}

async function load(): Promise<Codec> {
  let factory: CodecFactory;
  try {
    // @ts-expect-error The library brings no types.
    ({ default: factory } = (await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs")) as { default: CodecFactory });
  } catch (cause) {
    forget();
    throw new ShoalError("missing-library", `JPEGs are decoded by the library ${library}, which can't be imported.`, { hint: `Install it: npm install ${library}`, failure: "bug", cause });
  }
  return factory({ print() {}, printErr() {} });
}
