import { blockRows, columnFromValues, concatBlocks, createBlock, formatType, requireColumn, schemaOf, ShoalError, tensorColumn, type Block, type Datasink, type Datasource } from "@shoal/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openParquet } from "./parquet-decode.ts";
import { parquetSource } from "./parquet-source.ts";
import { parquet } from "./parquet.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();
let directory: TestFolder;
beforeAll(async () => void (directory = await testFolder()));
afterAll(() => directory.remove());

const rows = 300;
const upTo = Array.from({ length: rows }, (_, row) => row);
const holes = <T>(value: (row: number) => T): (T | null)[] => upTo.map((row) => (row % 5 === 0 ? null : value(row)));

function everyKind(): Block {
  return createBlock({
    int64: columnFromValues(upTo.map((row) => BigInt(row) * 10n ** 15n)),
    utf8: columnFromValues(holes((row) => `zeile ${row} 😀`)),
    float64: columnFromValues(holes((row) => row / 3)),
    float32: columnFromValues(holes((row) => row / 4), { kind: "float32" }),
    int8: columnFromValues(holes((row) => (row % 250) - 125), { kind: "int8" }),
    uint16: columnFromValues(holes((row) => 65_000 + row), { kind: "uint16" }),
    uint32: columnFromValues(holes((row) => 4e9 + row), { kind: "uint32" }),
    uint64: columnFromValues(holes((row) => 2n ** 63n + BigInt(row)), { kind: "uint64" }),
    uint32s: columnFromValues(upTo.map((row) => 4e9 + row), { kind: "uint32" }),
    uint64s: columnFromValues(upTo.map((row) => 2n ** 63n + BigInt(row)), { kind: "uint64" }),
    bool: columnFromValues(holes((row) => row % 2 === 0)),
    timestamp: columnFromValues(holes((row) => new Date(1.6e12 + row))),
    binary: columnFromValues(holes((row) => new Uint8Array([row & 255, 0, 255]))),
    json: columnFromValues(holes((row) => ({ row, list: [1, { deep: "x" }], none: null })), { kind: "json" }),
    embedding: tensorColumn(new Float32Array(rows * 6).map((_, at) => Math.fround(Math.sin(at))), [6]),
    image: tensorColumn(new Uint8Array(rows * 12).map((_, at) => at % 251), [2, 2, 3]),
    tensorWithHoles: columnFromValues(holes((row) => new Float32Array([row, 1])), { kind: "tensor", element: "float32", shape: [2] }),
    floats: columnFromValues(holes((row) => new Float32Array(row % 4).fill(row)), { kind: "list", element: "float32" }),
    words: columnFromValues(holes((row) => Array.from({ length: row % 3 }, () => `w${row}`)), { kind: "list", element: "utf8" }),
  });
}

async function write(sink: Datasink, ...blocks: Block[]) {
  const writer = await sink.open(signal);
  for (const block of blocks) await writer.write(block);
  return writer.publish(schemaOf(everyKind().columns));
}

async function read(source: Datasource, options: { columns?: string[]; firstRow?: number; limit?: number } = {}): Promise<Block> {
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { ...options, signal })) blocks.push(block);
  return concatBlocks(blocks);
}

function bytesOf(block: Block, name: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = requireColumn(block, name).values as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

const typesOf = (block: Block) => Object.entries(block.columns).map(([name, { type }]) => [name, formatType(type)]);

test("every kind of column comes back as it went, nulls and shapes included", async () => {
  const block = everyKind();
  const path = directory.path("kinds.parquet");
  const result = await write(parquet(path, { rowGroupRows: 128 }), block);
  expect(result).toMatchObject({ rows, files: [path] });
  const source = parquetSource(path);
  const back = await read(source);
  expect(typesOf(back)).toEqual(typesOf(block));
  expect([...blockRows(back)]).toEqual([...blockRows(block)]);
  expect(await source.countRows?.(signal)).toBe(rows);
  expect((await source.schema?.(signal))?.fields.map(({ name, type }) => [name, formatType(type)])).toEqual(typesOf(block));
  expect(back.lineage.map((span) => [span.partition.split("#")[1], span.firstRow, span.rows])).toEqual([
    ["row-group=0", 0, 128], ["row-group=1", 0, 128], ["row-group=2", 0, 44],
  ]);
});

test("long rows of floats come back whole from several pages, compressed only where that makes them smaller", async () => {
  const wide = 3000;
  const block = createBlock({
    noise: tensorColumn(new Float32Array(rows * wide).map((_, at) => Math.sin(at * at)), [wide]),
    doubles: tensorColumn(new Float64Array(rows * 40).map((_, at) => Math.sin(at)), [2, 20]),
    hot: tensorColumn(new Float32Array(rows * wide).map((_, at) => Number(at % 1001 === 0)), [wide]),
  });
  const path = directory.path("wide.parquet");
  const { bytes } = await write(parquet(path, { rowGroupRows: 200 }), block);
  expect(bytes).toBeGreaterThan(4 * rows * wide);
  expect(bytes).toBeLessThan(5 * rows * wide);
  const back = await read(parquetSource(path));
  expect(typesOf(back)).toEqual(typesOf(block));
  for (const name of ["noise", "doubles", "hot"]) expect(sameBytes(bytesOf(back, name), bytesOf(block, name))).toBe(true);
  expect([...blockRows(await read(parquetSource(path), { columns: ["doubles"], firstRow: 150, limit: 1 }))]).toEqual([{ doubles: new Float64Array(40).map((_, at) => Math.sin(150 * 40 + at)) }]);
});

test("a byte order mark stays in a value, and half a surrogate pair, which UTF-8 can't hold, becomes U+FFFD in text and stays in JSON", async () => {
  const texts = ["\ufeffhello", "\ufeff", "", null, "a\ud83d", "\ude00b", "\ufeffhello"];
  const wanted = ["\ufeffhello", "\ufeff", "", null, "a\ufffd", "\ufffdb", "\ufeffhello"];
  const path = directory.path("marks.parquet");
  const block = createBlock({ text: columnFromValues(texts), list: columnFromValues(texts.map((text) => [text, "\ufeff"]), { kind: "list", element: "utf8" }), json: columnFromValues(texts.map((text) => ({ text })), { kind: "json" }) });
  const writer = await parquet(path).open(signal);
  await writer.write(block);
  await writer.publish(schemaOf(block.columns));
  expect([...blockRows(await read(parquetSource(path)))]).toEqual(wanted.map((text, at) => ({ text, list: [text, "\ufeff"], json: { text: texts[at] } })));
});

test("columns are pruned, and rows are sought within a row group", async () => {
  const path = directory.path("seek.parquet");
  await write(parquet(path), everyKind());
  const back = await read(parquetSource(path), { columns: ["words", "int64", "no such"], firstRow: 101, limit: 3 });
  expect([...blockRows(back)]).toEqual([101, 102, 103].map((row) => ({ words: row % 5 === 0 ? null : Array.from({ length: row % 3 }, () => `w${row}`), int64: BigInt(row) * 10n ** 15n })));
  const counted = await read(parquetSource(path), { columns: [] });
  expect(counted.rows).toBe(rows);
});

test("an output without rows still has its columns", async () => {
  const path = directory.path("empty");
  await write(parquet(path));
  const source = parquetSource(path);
  expect(await source.countRows?.(signal)).toBe(0);
  expect((await source.schema?.(signal))?.fields.map((field) => field.name)).toEqual(Object.keys(everyKind().columns));
});

test("parts begin anew after maxRowsPerFile rows", async () => {
  const path = directory.path("parts");
  const { files } = await write(parquet(path, { maxRowsPerFile: 200 }), everyKind(), everyKind());
  expect(files).toHaveLength(3);
  expect(await directory.names("parts")).toEqual(["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]);
  expect((await read(parquetSource(path))).rows).toBe(2 * rows);
});

test("an output given up leaves no file and no thread behind", async () => {
  const path = directory.path("given-up");
  const writer = await parquet(path).open(signal);
  await writer.write(everyKind());
  await writer.discard();
  expect((await directory.names()).filter((name) => name.includes("given-up"))).toEqual([]);
});

test("a file that is none is refused with its name and the reason", async () => {
  const source = parquetSource(await directory.write("none.parquet", "this is no parquet file"));
  const error = await source.countRows?.(signal).then(() => undefined, (reason: unknown) => reason);
  expect(ShoalError.is(error, "bad-file")).toBe(true);
  expect((error as Error).message).toContain("none.parquet\" as parquet: it does not end as a parquet file does");
  for (const footer of [new Uint8Array(96), new Uint8Array(96).fill(255), Uint8Array.from({ length: 96 }, (_, at) => (at < 92 ? at : 0))]) {
    const empty = parquetSource(await directory.write("hollow.parquet", Uint8Array.of(80, 65, 82, 49, ...footer, 80, 65, 82, 49)));
    await expect(empty.countRows?.(signal)).rejects.toMatchObject({ code: "bad-file", message: expect.not.stringMatching(/undefined|DataView/) as string });
  }
});

test("a damaged note of the Arrow schema is as good as none, whichever bit is wrong", async () => {
  const path = directory.path("note.parquet");
  await write(parquet(path), createBlock({ id: columnFromValues([1, 2]), text: columnFromValues(["a", "b"]), list: columnFromValues([[1], [1, 2]]), at: columnFromValues([new Date(0), null]), n: columnFromValues([null, { k: 1 }]) }));
  const bytes = await directory.bytes("note.parquet");
  const note = /ARROW:schema..?.([A-Za-z0-9+/=]{100,})/s.exec(new TextDecoder("latin1").decode(bytes));
  const start = (note?.index ?? 0) + (note?.[0].length ?? 0) - (note?.[1]?.length ?? 0);
  const end = start + (note?.[1]?.length ?? 0);
  expect(end - start).toBeGreaterThan(400);
  for (let at = start; at < end; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << bit);
      const { fields } = await openParquet({ byteLength: changed.byteLength, slice: async (from, to) => changed.slice(from, to).buffer });
      expect(fields.map(({ name, type }) => `${name} ${formatType(type)}`)).toEqual(["id float64", "text utf8", "list list<float64>", "at timestamp", "n json"]);
    }
  }
});

test("pixels leave no bounds in the footer", async () => {
  const path = directory.path("image.parquet");
  const image = { width: 20, height: 20, channels: 3, data: new Uint8Array(1200).fill(7) };
  await write(parquet(path), createBlock({ image: columnFromValues([image, image]), id: columnFromValues([1, 2]) }));
  const bytes = await directory.bytes("image.parquet");
  const { metadata } = await openParquet({ byteLength: bytes.byteLength, slice: async (from, to) => Uint8Array.from(bytes.subarray(from, to)).buffer });
  expect(metadata.row_groups[0]?.columns.map(({ meta_data }) => meta_data?.statistics === undefined)).toEqual([true, false]);
});
