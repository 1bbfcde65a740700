import { beforeAll, expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";

/** Red and green above, blue and white below, in fields of 16 × 16 pixels. */
let jpeg: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  const canvas = new OffscreenCanvas(48, 32);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  ["red", "lime", "black", "blue", "white", "yellow"].forEach((colour, at) => {
    context.fillStyle = colour;
    context.fillRect(16 * (at % 3), 16 * Math.floor(at / 3), 16, 16);
  });
  jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 1 })).arrayBuffer());
});

/** The same file with an EXIF segment of one entry: which way is up. */
function oriented(orientation: number): Uint8Array<ArrayBuffer> {
  const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
  const segment = [0xff, 0xe1, 0, 2 + 6 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return new Uint8Array([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}

const fields = ({ width, height, data }: { width: number; height: number; data: Uint8Array }): string[] =>
  Array.from({ length: (height / 16) * (width / 16) }, (_, at) => {
    const [column, row] = [at % (width / 16), Math.floor(at / (width / 16))];
    const pixel = ((row * 16 + 8) * width + column * 16 + 8) * 3;
    return Array.from(data.subarray(pixel, pixel + 3), (value) => (value > 127 ? 1 : 0)).join("");
  });

test.each([
  [1, 48, ["100", "010", "000", "001", "111", "110"]],
  [3, 48, ["110", "111", "001", "000", "010", "100"]],
  [6, 32, ["001", "100", "111", "010", "110", "000"]],
  [8, 32, ["000", "110", "010", "111", "100", "001"]],
])("EXIF's orientation %i is turned upright", async (orientation, width, expected) => {
  const image = await decodeImage(oriented(orientation));
  expect(image).toMatchObject({ width, height: 80 - width, channels: 3 });
  expect(fields(image)).toEqual(expected);
});

test("too large a JPEG is refused before it is decoded", async () => {
  await expect(decodeImage(jpeg, { maxPixels: 48 * 32 - 1 })).rejects.toMatchObject({ code: "unsupported-file" });
});

test("TIFF is none of a browser's", async () => {
  await expect(decodeImage(new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0]))).rejects.toMatchObject({ code: "unsupported-file", message: expect.stringContaining("TIFF") as string });
});

test("a JPEG that is cut off is refused", async () => {
  await expect(decodeImage(jpeg.subarray(0, jpeg.length / 2))).rejects.toMatchObject({ code: "bad-file" });
});
