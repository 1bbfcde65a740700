import { blockRows, columnFromValues, concatBlocks, createBlock, formatType, schemaOf, tensorColumn, type Block } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrowSource } from "./arrow-source.ts";
import { arrow } from "./arrow.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();
let directory: TestFolder;
beforeAll(async () => void (directory = await testFolder()));
afterAll(() => directory.remove());

function someBlock(first: number): Block {
  const upTo = Array.from({ length: 50 }, (_, row) => first + row);
  return createBlock({
    id: columnFromValues(upTo.map(BigInt)),
    text: columnFromValues(upTo.map((row) => (row % 3 === 0 ? null : `row ${row} é`))),
    embedding: tensorColumn(new Float32Array(50 * 6).map((_, at) => at / 2), [2, 3]),
    nested: columnFromValues(upTo.map((row) => ({ row, deep: [row] })), { kind: "json" }),
  });
}

async function write(path: string, ...blocks: Block[]): Promise<void> {
  const writer = await arrow(path).open(signal);
  for (const block of blocks) await writer.write(block);
  await writer.publish(schemaOf(someBlock(0).columns));
}

async function read(path: string, columns?: string[], firstRow?: number): Promise<Block> {
  const source = arrowSource(path);
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) {
    for await (const block of source.read(partition, { signal, ...(columns === undefined ? {} : { columns }), ...(firstRow === undefined ? {} : { firstRow }) })) blocks.push(block);
  }
  return concatBlocks(blocks);
}

test.each(["rows.arrow", "rows.arrows"])("what goes into %s comes out, batch by batch", async (name) => {
  const path = directory.path(name);
  await write(path, someBlock(0), someBlock(50));
  const back = await read(path);
  expect([...blockRows(back)]).toEqual([...blockRows(concatBlocks([someBlock(0), someBlock(50)]))]);
  expect(back.lineage).toEqual([expect.objectContaining({ partition: path, firstRow: 0, rows: 100 })]);
  expect((await arrowSource(path).schema?.(signal))?.fields.map(({ name: column, type }) => `${column} ${formatType(type)}`)).toEqual([
    "id int64", "text utf8", "embedding tensor<float32>[2, 3]", "nested json",
  ]);
  // Another reader agrees.
  expect(tableFromIPC(await directory.bytes(name)).numRows).toBe(100);
});

test("an output without rows still has its columns", async () => {
  const path = directory.path("empty.arrow");
  await write(path);
  expect((await arrowSource(path).schema?.(signal))?.fields.map((field) => field.name)).toEqual(["id", "text", "embedding", "nested"]);
  expect((await read(path)).rows).toBe(0);
});

test("a byte order mark stays in a value and a name, and half a surrogate pair, which UTF-8 can't hold, becomes U+FFFD", async () => {
  const texts = ["\ufeffhello", "\ufeff", "", null, "a\ud83d", "\ude00b"];
  const wanted = ["\ufeffhello", "\ufeff", "", null, "a\ufffd", "\ufffdb"];
  const path = directory.path("marks.arrow");
  const block = createBlock({ "\ufefftext": columnFromValues(texts), list: columnFromValues(texts.map((text) => [text, "\ufeff"]), { kind: "list", element: "utf8" }), text: columnFromValues(texts.map((text) => ({ text })), { kind: "json" }) });
  const writer = await arrow(path).open(signal);
  await writer.write(block);
  await writer.publish(schemaOf(block.columns));
  expect([...blockRows(await read(path))]).toEqual(wanted.map((text, at) => ({ "\ufefftext": text, list: [text, "\ufeff"], text: { text: texts[at] } })));
  expect([...blockRows(await read(path, ["\ufefftext"], 4))]).toEqual([{ "\ufefftext": "a\ufffd" }, { "\ufefftext": "\ufffdb" }]);
});

test("columns are pruned and rows sought", async () => {
  const path = directory.path("seek.arrow");
  await write(path, someBlock(0), someBlock(50));
  expect([...blockRows(await read(path, ["id"], 98))]).toEqual([{ id: 98 }, { id: 99 }]);
});

test("a file cut short, a file of something else and two columns of one name are refused with the reason", async () => {
  const whole = encodeBlock(someBlock(0));
  await directory.write("cut.arrows", whole.subarray(0, whole.length - 400));
  await directory.write("other.arrow", "this is no arrow file at all, but some words");
  await directory.write("tiny.arrow", "ARROW");
  for (const name of ["cut.arrows", "other.arrow", "tiny.arrow"]) {
    const error = await read(directory.path(name)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "bad-file" });
    expect((error as Error).message).toContain(name);
  }
});

test("dictionaries are decoded", async () => {
  await directory.write("dictionary.arrows", tableToIPC(tableFromArrays({ word: ["a", "b", "a"] }), "stream"));
  expect([...blockRows(await read(directory.path("dictionary.arrows")))]).toEqual([{ word: "a" }, { word: "b" }, { word: "a" }]);
});

test.each([1, 2, 257, 65_537])("a first batch of %i rows is no mark of a big-endian file", async (rows) => {
  const values = Float64Array.from({ length: rows }, (_, row) => row);
  const path = directory.path(`first-${rows}.arrow`);
  await write(path, createBlock({ a: tensorColumn(values, []) }));
  expect((await read(path)).rows).toBe(rows);
  const other = directory.path(`other-${rows}.arrow`);
  await directory.write(`other-${rows}.arrow`, tableToIPC(tableFromArrays({ a: values }), "file"));
  expect((await read(other)).rows).toBe(rows);
});

test("any of the columns can be read alone", async () => {
  const path = directory.path("alone.arrow");
  await write(path, someBlock(0));
  for (const names of [["id"], ["text"], ["nested"], ["text", "embedding"], ["id", "nested"], []]) {
    const back = await read(path, names);
    expect(back.rows).toBe(50);
    expect([...blockRows(back)]).toEqual([...blockRows(someBlock(0))].map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));
  }
});
