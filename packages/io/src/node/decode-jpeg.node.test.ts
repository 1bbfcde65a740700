import { createHash } from "node:crypto";
import { Transformer } from "@napi-rs/image";
import { expect, test } from "vitest";
import { decodeImage } from "../decode-image.ts";
import { readJpegHeader } from "../jpeg-header.ts";
import { turnUpright } from "../turn-upright.ts";

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

/** 16 × 16, 4:2:0, written by Pillow. */
const colour = fromBase64(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09P" +
  "T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAQABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABAEC/8QAIhAAAgEDBAIDAAAAAAAAAAAAAQIDBBESAAUhMVFxEyNS/8QA" +
  "FQEBAQAAAAAAAAAAAAAAAAAAAAH/xAAdEQABBAIDAAAAAAAAAAAAAAABAhEhUQBBBDGB/9oADAMBAAIRAxEAPwAdFT7ZFt7E0VVdkCgYKL3Nv1pJjWOl+OPasld2AylsSo5va3rz3rdRJKlNFE+7wY4AuI1QtybA" +
  "jEX89aqtA9WsY3ertGp4+3s8+PWnHUSlzMC78yrdimT0nZkya1n/2Q==",
);
/** 8 × 8 of magenta and yellow ink, written by Pillow. */
const inks = fromBase64(
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAA" +
  "AAAAAAAAAAAAAAn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AFTFUKoqb//Z",
);

/** With an EXIF segment that says how it lies, of either byte order. */
function lying(jpeg: Uint8Array, orientation: number, little = true): Uint8Array {
  const exif = new DataView(new ArrayBuffer(36));
  exif.setUint16(0, 0xffe1);
  exif.setUint16(2, 34);
  "Exif\0\0".split("").forEach((letter, at) => exif.setUint8(4 + at, letter.charCodeAt(0)));
  exif.setUint16(10, little ? 0x4949 : 0x4d4d);
  exif.setUint16(12, 42, little);
  exif.setUint32(14, 8, little);
  exif.setUint16(18, 1, little);
  exif.setUint16(20, 0x0112, little);
  exif.setUint16(22, 3, little);
  exif.setUint32(24, 1, little);
  exif.setUint16(28, orientation, little);
  return new Uint8Array([...jpeg.subarray(0, 2), ...new Uint8Array(exif.buffer), ...jpeg.subarray(2)]);
}

/** A picture of noise, so that every pixel tells where it is. */
async function noise(width: number, height: number): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: width * height * 4 }, (_, at) => (at % 4 === 3 ? 255 : (Math.imul(at, 2654435761) >>> 24)));
  return new Uint8Array(await Transformer.fromRgbaPixels(pixels, width, height).jpeg(95));
}

test("the pixels are those of libjpeg-turbo as Pillow gives them", async () => {
  const { data, width, height, channels } = await decodeImage(colour);
  expect([width, height, channels]).toEqual([16, 16, 3]);
  expect([...data.subarray(0, 12)]).toEqual([52, 0, 0, 72, 0, 28, 77, 13, 63, 93, 17, 89]);
  expect(createHash("sha256").update(data).digest("hex")).toBe("1877187597797eb3ce82be65b07d43c9f528f030dbc1f31ee3e5d7ab59d60558");
});

test("inks become colours", async () => {
  const { data, channels } = await decodeImage(inks);
  expect(channels).toBe(3);
  const [red = 0, green = 255, blue = 255] = data;
  expect(red).toBeGreaterThan(200);
  expect(Math.max(green, blue)).toBeLessThan(60);
});

test.each([[40, 24], [300, 250]])("%i × %i: every orientation is turned upright, in this thread or in others", async (width, height) => {
  const jpeg = await noise(width, height);
  const plain = await decodeImage(jpeg);
  const at = (image: typeof plain, x: number, y: number) => [...image.data.subarray((y * image.width + x) * 3, (y * image.width + x + 1) * 3)];
  const [right, bottom] = [width - 1, height - 1];
  // Where the upright picture's top left corner, and its right neighbour, lie in the stored one.
  const corners = [[0, 0, 1, 0], [right, 0, right - 1, 0], [right, bottom, right - 1, bottom], [0, bottom, 1, bottom], [0, 0, 0, 1], [0, bottom, 0, bottom - 1], [right, bottom, right, bottom - 1], [right, 0, right, 1]];
  for (const [index, [x = 0, y = 0, nextX = 0, nextY = 0]] of corners.entries()) {
    const upright = await decodeImage(lying(jpeg, index + 1, index % 2 === 0));
    expect([upright.width, upright.height]).toEqual(index < 4 ? [width, height] : [height, width]);
    expect([at(upright, 0, 0), at(upright, 1, 0)]).toEqual([at(plain, x, y), at(plain, nextX, nextY)]);
  }
  expect(turnUpright({ ...plain, data: new Uint8Array(plain.data) }, 1)).toEqual(plain);
});

test("grey, scaled, with alpha", async () => {
  const grey = await decodeImage(colour, { mode: "grey" });
  expect([grey.channels, grey.data.length]).toEqual([1, 256]);
  const scaled = await decodeImage(colour, { size: [4, 8], mode: "rgba" });
  expect([scaled.width, scaled.height, scaled.data.length, scaled.data[3]]).toEqual([8, 4, 128, 255]);
});

test("what is cut off or damaged is refused, and the next is decoded", async () => {
  const large = await noise(300, 250);
  for (const jpeg of [colour, large]) {
    for (const part of [0.02, 0.5, 0.95]) {
      await expect(decodeImage(jpeg.subarray(0, jpeg.length * part)), `${jpeg.length} bytes to ${part}`).rejects.toMatchObject({ code: "bad-file" });
    }
  }
  expect((await decodeImage(colour)).width).toBe(16);
  expect((await decodeImage(large)).width).toBe(300);
});

test("what is too large is refused by its header", async () => {
  await expect(decodeImage(colour, { maxPixels: 255 })).rejects.toMatchObject({ code: "unsupported-file", message: expect.stringContaining("16 × 16") });
});

test("many images at once, small and large, leave timers their turn", async () => {
  const [small, large] = [await noise(200, 200), await noise(600, 400)];
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const images = await Promise.all(Array.from({ length: 60 }, (_, index) => decodeImage(index % 3 === 0 ? large : small)));
  clearInterval(timer);
  expect(images.map(({ width }) => width)).toEqual(images.map((_, index) => (index % 3 === 0 ? 600 : 200)));
  expect(ticks).toBeGreaterThan(2);
});

test("headers: fill bytes, and whatever is no header", () => {
  const filled = new Uint8Array([...colour.subarray(0, 2), 0xff, 0xff, ...colour.subarray(2)]);
  expect(readJpegHeader(filled)).toEqual({ width: 16, height: 16, components: 3, bitsPerComponent: 8, ordinary: true, orientation: 1 });
  expect(readJpegHeader(inks)).toMatchObject({ components: 4 });
  expect(readJpegHeader(lying(colour, 9))).toMatchObject({ orientation: 1 });
  for (let length = 0; length < 330; length++) readJpegHeader(lying(colour, 6).subarray(0, length));
  expect(readJpegHeader(new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
});
