import { columnValues, concatBlocks, formatType, type Block } from "@shoal/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { npySource } from "./npy-source.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();
let directory: TestFolder;
beforeAll(async () => void (directory = await testFolder()));
afterAll(() => directory.remove());

function npy(dtype: string, shape: string, data: ArrayBufferView, { fortran = false, version = 1 } = {}): Uint8Array {
  const header = new TextEncoder().encode(`{'descr': '${dtype}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${shape}), }\n`);
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length & 255, header.length >> 8, 0, 0];
  return new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...length, ...header, ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

async function read(bytes: Uint8Array, firstRow = 0): Promise<Block> {
  const path = directory.path("array.npy");
  await directory.write("array.npy", bytes);
  const blocks: Block[] = [];
  const source = npySource(path);
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal, firstRow })) blocks.push(block);
  expect(await source.countRows?.(signal)).toBe(concatBlocks(blocks).rows + firstRow);
  expect((await source.schema?.(signal))?.fields.map(({ type }) => formatType(type))).toEqual(Object.values(blocks[0]?.columns ?? {}).map(({ type }) => formatType(type)));
  return concatBlocks(blocks);
}

const data = (block: Block) => columnValues(block.columns["data"] as never);

test.each([
  ["<i4", new Int32Array([1, -2, 3]), [1, -2, 3]],
  [">i2", new Uint8Array([1, 0, 255, 254]), [256, -2]],
  ["<i8", new BigInt64Array([5n, -(2n ** 60n)]), [5, -(2n ** 60n)]],
  ["<u8", new BigUint64Array([2n ** 63n]), [2n ** 63n]],
  ["|b1", new Uint8Array([1, 0]), [true, false]],
  ["<f2", new Uint16Array([0x3c00, 0xc000, 0x7c00, 1]), [1, -2, Infinity, 2 ** -24]],
  ["<f8", new Float64Array([0.1, NaN]), [0.1, NaN]],
  ["<U2", new Uint32Array([0x41, 0x1f600, 0x42, 0]), ["A😀", "B"]],
  ["|S2", new Uint8Array([0x41, 0x42, 0x43, 0]), ["AB", "C"]],
])("%s", async (dtype, values, expected) => {
  expect(data(await read(npy(dtype, `${expected.length},`, values)))).toEqual(expected);
});

test("further axes are a tensor, in either order and of any version, and rows can be sought", async () => {
  const rowMajor = new Float32Array([0, 1, 2, 3, 4, 5]);
  const columnMajor = new Float32Array([0, 3, 1, 4, 2, 5]);
  for (const bytes of [npy("<f4", "2, 3", rowMajor), npy("<f4", "2, 3", columnMajor, { fortran: true }), npy("<f4", "2, 3", rowMajor, { version: 2 }), npy("<f4", "2, 3", rowMajor, { version: 3 })]) {
    const block = await read(bytes);
    expect(formatType(block.columns["data"]?.type as never)).toBe("tensor<float32>[3]");
    expect(data(block)).toEqual([new Float32Array([0, 1, 2]), new Float32Array([3, 4, 5])]);
    expect(data(await read(bytes, 1))).toEqual([new Float32Array([3, 4, 5])]);
  }
});

test("a single number is one row", async () => {
  expect(data(await read(npy("<f8", "", new Float64Array([7]))))).toEqual([7]);
});

test.each([
  ["unsupported-file", npy("<c16", "1,", new Float64Array(2))],
  ["unsupported-file", npy("|O", "1,", new Uint8Array(8))],
  ["bad-file", npy("<f8", "2,", new Float64Array(1))],
  ["bad-file", npy("<f8", "2,", new Float64Array(2)).subarray(0, 30)],
  ["bad-file", new TextEncoder().encode("no array at all")],
  ["bad-file", npy("<f8", "99999999999, 99999999999", new Float64Array(1))],
])("%s: what can't be read is refused by name", async (code, bytes) => {
  const error = await read(bytes).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code });
  expect((error as Error).message).toContain("array.npy");
});
