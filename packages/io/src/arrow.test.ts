import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockRows, columnFromValues, concatBlocks, createBlock, encodeBlock, formatType, schemaOf, tensorColumn, type Block } from "@shoal/core";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrowSource } from "./arrow-source.ts";
import { arrow } from "./arrow.ts";

const { signal } = new AbortController();
let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "shoal-arrow-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));

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
  const path = join(directory, name);
  await write(path, someBlock(0), someBlock(50));
  const back = await read(path);
  expect([...blockRows(back)]).toEqual([...blockRows(concatBlocks([someBlock(0), someBlock(50)]))]);
  expect(back.lineage).toEqual([expect.objectContaining({ partition: path, firstRow: 0, rows: 100 })]);
  expect((await arrowSource(path).schema?.(signal))?.fields.map(({ name: column, type }) => `${column} ${formatType(type)}`)).toEqual([
    "id int64", "text utf8", "embedding tensor<float32>[2, 3]", "nested json",
  ]);
  // Another reader agrees.
  expect(tableFromIPC(await readFile(path)).numRows).toBe(100);
});

test("an output without rows still has its columns", async () => {
  const path = join(directory, "empty.arrow");
  await write(path);
  expect((await arrowSource(path).schema?.(signal))?.fields.map((field) => field.name)).toEqual(["id", "text", "embedding", "nested"]);
  expect((await read(path)).rows).toBe(0);
});

test("columns are pruned and rows sought", async () => {
  const path = join(directory, "seek.arrow");
  await write(path, someBlock(0), someBlock(50));
  expect([...blockRows(await read(path, ["id"], 98))]).toEqual([{ id: 98 }, { id: 99 }]);
});

test("a file cut short, a file of something else and two columns of one name are refused with the reason", async () => {
  const whole = encodeBlock(someBlock(0));
  await writeFile(join(directory, "cut.arrows"), whole.subarray(0, whole.length - 400));
  await writeFile(join(directory, "other.arrow"), "this is no arrow file at all, but some words");
  await writeFile(join(directory, "tiny.arrow"), "ARROW");
  for (const name of ["cut.arrows", "other.arrow", "tiny.arrow"]) {
    const error = await read(join(directory, name)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "bad-file" });
    expect((error as Error).message).toContain(name);
  }
});

test("dictionaries are decoded", async () => {
  await writeFile(join(directory, "dictionary.arrows"), tableToIPC(tableFromArrays({ word: ["a", "b", "a"] }), "stream"));
  expect([...blockRows(await read(join(directory, "dictionary.arrows")))]).toEqual([{ word: "a" }, { word: "b" }, { word: "a" }]);
});

test.each([1, 2, 257, 65_537])("a first batch of %i rows is no mark of a big-endian file", async (rows) => {
  const values = Float64Array.from({ length: rows }, (_, row) => row);
  const path = join(directory, `first-${rows}.arrow`);
  await write(path, createBlock({ a: tensorColumn(values, []) }));
  expect((await read(path)).rows).toBe(rows);
  const other = join(directory, `other-${rows}.arrow`);
  await writeFile(other, tableToIPC(tableFromArrays({ a: values }), "file"));
  expect((await read(other)).rows).toBe(rows);
});

test("any of the columns can be read alone", async () => {
  const path = join(directory, "alone.arrow");
  await write(path, someBlock(0));
  for (const names of [["id"], ["text"], ["nested"], ["text", "embedding"], ["id", "nested"], []]) {
    const back = await read(path, names);
    expect(back.rows).toBe(50);
    expect([...blockRows(back)]).toEqual([...blockRows(someBlock(0))].map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));
  }
});
