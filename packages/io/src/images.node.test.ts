import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockRows, formatType, type Block } from "@shoal/core";
import { Transformer } from "@napi-rs/image";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { imagesSource, type ImagesSourceOptions } from "./images-source.ts";

const { signal } = new AbortController();
let directory: string;
const rgba = (...pixels: number[][]) => new Uint8Array(pixels.flat());
const png = (width: number, pixels: Uint8Array) => Transformer.fromRgbaPixels(pixels, width, pixels.length / 4 / width).png();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-images-"));
  await writeFile(join(directory, "a.png"), await png(2, rgba([255, 0, 0, 255], [0, 255, 0, 128])));
  await writeFile(join(directory, "b.png"), await png(1, rgba([0, 0, 255, 255], [9, 9, 9, 0], [1, 2, 3, 4])));
  await writeFile(join(directory, "notes.txt"), "not an image");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(options?: ImagesSourceOptions, columns?: string[]): Promise<Block[]> {
  const source = imagesSource(directory, options);
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal, ...(columns === undefined ? {} : { columns }) })) blocks.push(block);
  return blocks;
}

test("images of unlike sizes keep their own", async () => {
  const rows = (await read()).flatMap((block) => [...blockRows(block)]);
  expect(rows).toEqual([
    { path: join(directory, "a.png"), image: { height: 1, width: 2, channels: 3, data: new Uint8Array([255, 0, 0, 0, 255, 0]) } },
    { path: join(directory, "b.png"), image: { height: 3, width: 1, channels: 3, data: new Uint8Array([0, 0, 255, 9, 9, 9, 1, 2, 3]) } },
  ]);
});

test("scaled to one size they are tensors, as the schema says", async () => {
  const blocks = await read({ size: [4, 6], mode: "grey" });
  const type = (await imagesSource(directory, { size: [4, 6], mode: "grey" }).schema?.(signal))?.fields.find(({ name }) => name === "image")?.type;
  for (const block of blocks) expect(formatType(block.columns["image"]?.type as never)).toBe("tensor<uint8>[4, 6, 1]");
  expect(formatType(type as never)).toBe("tensor<uint8>[4, 6, 1]");
});

test.each([
  ["rgba", [255, 0, 0, 255, 0, 255, 0, 128]],
  ["rgb", [255, 0, 0, 0, 255, 0]],
  ["grey", [76, 150]],
] as const)("mode %s", async (mode, pixels) => {
  expect([...(await decodeImage(join(directory, "a.png"), { mode })).data]).toEqual(pixels);
});

test("the path alone needs no decoding", async () => {
  expect((await read({}, ["path"])).map((block) => Object.keys(block.columns))).toEqual([["path"], ["path"]]);
});

test("what is no image, and what is too large a one, is refused by name", async () => {
  const broken = await decodeImage(join(directory, "notes.txt")).catch((error: unknown) => error);
  expect(broken).toMatchObject({ code: "bad-file" });
  expect((broken as Error).message).toContain("notes.txt");
  const large = await decodeImage(join(directory, "a.png"), { maxPixels: 1 }).catch((error: unknown) => error);
  expect(large).toMatchObject({ code: "unsupported-file" });
});
