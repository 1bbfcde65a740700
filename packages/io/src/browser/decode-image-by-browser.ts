import { ContentFault } from "../content-fault.ts";
import type { DecodeImageBytes } from "../decode-image.ts";
import { countPixels, toMode } from "../image-pixels.ts";
import { isJpeg, readJpegHeader } from "../jpeg-header.ts";
import { resizeBilinear } from "./resize-bilinear.ts";

/** Whatever the browser can show; it decodes in threads of its own. Colours stay as they are stored, whatever profile they have. */
export const decodeImageByBrowser: DecodeImageBytes = async (bytes, { mode = "rgb", size, maxPixels }, signal) => {
  const header = isJpeg(bytes) ? readJpegHeader(bytes) : undefined;
  if (header !== undefined) countPixels(header, maxPixels);
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), { imageOrientation: "from-image", premultiplyAlpha: "none", colorSpaceConversion: "none" })
    .catch((error: unknown) => {
      throw isTiff(bytes) ? new ContentFault("unsupported-file", "browsers read no TIFF") : new ContentFault("bad-file", "the browser can't decode it", error);
    });
  try {
    signal.throwIfAborted();
    const { width, height } = bitmap;
    countPixels(bitmap, maxPixels);
    const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
    canvas.drawImage(bitmap, 0, 0);
    const data = new Uint8Array(canvas.getImageData(0, 0, width, height).data.buffer as ArrayBuffer);
    const image = toMode({ width, height, channels: 4, data }, mode);
    return size === undefined ? image : resizeBilinear(image, size);
  } finally {
    bitmap.close();
  }
};

function isTiff([a, b, c, d]: Uint8Array): boolean {
  return (a === 0x49 && b === 0x49 && c === 42 && d === 0) || (a === 0x4d && b === 0x4d && c === 0 && d === 42);
}
