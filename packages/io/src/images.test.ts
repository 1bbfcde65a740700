import { blockRows, formatType, type Block } from "@shoal/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { imagesSource, type ImagesSourceOptions } from "./images-source.ts";
import { pngBytes } from "./png-bytes.fixture.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();
let directory: TestFolder;

beforeAll(async () => {
  directory = await testFolder();
  await directory.write("a.png", await pngBytes(2, [[255, 0, 0, 255], [0, 255, 0, 128]]));
  await directory.write("b.png", await pngBytes(1, [[0, 0, 255, 255], [9, 9, 9, 255], [1, 2, 3, 255]]));
  await directory.write("notes.txt", "not an image");
});
afterAll(() => directory.remove());

async function read(options?: ImagesSourceOptions, columns?: string[]): Promise<Block[]> {
  const source = imagesSource(directory.path(), options);
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal, ...(columns === undefined ? {} : { columns }) })) blocks.push(block);
  return blocks;
}

test("images of unlike sizes keep their own", async () => {
  const rows = (await read()).flatMap((block) => [...blockRows(block)]);
  expect(rows).toEqual([
    { path: directory.path("a.png"), image: { height: 1, width: 2, channels: 3, data: new Uint8Array([255, 0, 0, 0, 255, 0]) } },
    { path: directory.path("b.png"), image: { height: 3, width: 1, channels: 3, data: new Uint8Array([0, 0, 255, 9, 9, 9, 1, 2, 3]) } },
  ]);
});

test("scaled to one size they are tensors, as the schema says", async () => {
  const blocks = await read({ size: [4, 6], mode: "grey" });
  const type = (await imagesSource(directory.path(), { size: [4, 6], mode: "grey" }).schema?.(signal))?.fields.find(({ name }) => name === "image")?.type;
  for (const block of blocks) expect(formatType(block.columns["image"]?.type as never)).toBe("tensor<uint8>[4, 6, 1]");
  expect(formatType(type as never)).toBe("tensor<uint8>[4, 6, 1]");
});

test.each([
  ["rgba", [255, 0, 0, 255, 0, 255, 0, 128]],
  ["rgb", [255, 0, 0, 0, 255, 0]],
  ["grey", [76, 150]],
] as const)("mode %s", async (mode, pixels) => {
  expect([...(await decodeImage(directory.path("a.png"), { mode })).data]).toEqual(pixels);
});

test("the path alone needs no decoding", async () => {
  expect((await read({}, ["path"])).map((block) => Object.keys(block.columns))).toEqual([["path"], ["path"]]);
});

test("what is no image, and what is too large a one, is refused by name", async () => {
  const broken = await decodeImage(directory.path("notes.txt")).catch((error: unknown) => error);
  expect(broken).toMatchObject({ code: "bad-file" });
  expect((broken as Error).message).toContain("notes.txt");
  const large = await decodeImage(directory.path("a.png"), { maxPixels: 1 }).catch((error: unknown) => error);
  expect(large).toMatchObject({ code: "unsupported-file" });
});

test("a Blob, or bytes, will do", async () => {
  const bytes = await directory.bytes("b.png");
  const image = { width: 1, height: 3, channels: 3, data: new Uint8Array([0, 0, 255, 9, 9, 9, 1, 2, 3]) };
  expect(await decodeImage(bytes)).toEqual(image);
  expect(await decodeImage(new Blob([bytes]))).toEqual(image);
  await expect(decodeImage(new File(["none"], "none.png"))).rejects.toMatchObject({ message: expect.stringContaining("none.png") as string });
});

/** By @napi-rs/image. */
const scaled: readonly (readonly [size: readonly [height: number, width: number], pixels: readonly number[]])[] = [
  [[2, 3],[40, 68, 112, 126, 68, 138, 212, 68, 96, 40, 184, 130, 126, 184, 109, 212, 184, 154]],
  [[3, 5],[15, 40, 59, 69, 40, 115, 126, 40, 161, 183, 40, 136, 237, 40, 62, 15, 126, 153, 69, 126, 159, 126, 126, 103, 183, 126, 84, 237, 126, 128, 15, 212, 135, 69, 212, 83, 126, 212, 110, 183, 212, 168, 237, 212, 180]],
  [[8, 3],[40, 0, 41, 126, 0, 130, 212, 0, 144, 40, 36, 81, 126, 36, 163, 212, 36, 83, 40, 72, 121, 126, 72, 161, 212, 72, 62, 40, 108, 161, 126, 108, 122, 212, 108, 82, 40, 144, 181, 126, 144, 82, 212, 144, 122, 40, 180, 160, 126, 180, 80, 212, 180, 162, 40, 216, 99, 126, 216, 114, 212, 216, 202, 40, 252, 65, 126, 252, 154, 212, 252, 168]],
];

test("scaling is the same everywhere: bilinear, smoothed when it shrinks", async () => {
  const pixels = Array.from({ length: 64 }, (_, at) => [(at % 8) * 36, Math.floor(at / 8) * 36, (at * 37) % 256, 255]);
  const png = await pngBytes(8, pixels);
  for (const [size, expected] of scaled) {
    const { data } = await decodeImage(png, { size });
    expect(Math.max(...data.map((value, at) => Math.abs(value - (expected[at] as number))))).toBeLessThanOrEqual(1);
  }
});
