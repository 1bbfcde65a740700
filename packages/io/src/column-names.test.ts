import {
  blockFromRows, blockRows, concatBlocks, conformBlock, createBlock, schemaOf, selectColumns, type Column, type Datasink, type Datasource, type Row,
} from "@shoal/core";
import { decodeBlock, encodeBlock, encodedTypes } from "@shoal/core/arrow";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrow } from "./arrow.ts";
import { inspectBlock } from "./arrow-inspect.ts";
import { arrowSource } from "./arrow-source.ts";
import { collectRows } from "./collect-rows.fixture.ts";
import { csv } from "./csv.ts";
import { csvSource } from "./csv-source.ts";
import { fromItems } from "./from-items.ts";
import { jsonl } from "./jsonl.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { parquet } from "./parquet.ts";
import { parquetSource } from "./parquet-source.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();
let folder: TestFolder;
beforeAll(async () => void (folder = await testFolder()));
afterAll(() => folder.remove());

const formats: readonly [name: string, sink: (path: string) => Datasink, source: (path: string) => Datasource<unknown>][] = [
  ["jsonl", jsonl, jsonlSource], ["csv", csv, csvSource], ["parquet", parquet, parquetSource], ["arrow", arrow, arrowSource],
];

async function write(sink: Datasink, ...blocks: readonly (readonly Row[])[]): Promise<void> {
  const writer = await sink.open(signal);
  try {
    for (const rows of blocks) await writer.write(blockFromRows(rows));
    await writer.publish({ fields: [] });
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

const rows: readonly Row[] = [{ constructor: 1, toString: "a", hasOwnProperty: true, valueOf: null }, { constructor: 2, toString: "b", hasOwnProperty: false, valueOf: "x" }];

describe.each(formats)("%s", (name, sink, source) => {
  test("columns may have the names that every object inherits", async () => {
    const path = folder.path(`names.${name}`);
    await write(sink(path), rows);
    expect(await collectRows(source(path))).toEqual(rows);
    expect(await collectRows(source(path), { columns: ["toString", "__defineGetter__"] })).toEqual(rows.map((row) => ({ toString: row["toString"] })));
  });

  test("a column may have no name, beside one that is called null", async () => {
    const path = folder.path(`nameless.${name}`);
    // A header without a name is one that a person forgot.
    const none = name === "csv" ? "column0" : "";
    const nameless = [{ "": "a", null: "b" }, { "": "c", null: "d" }];
    await write(sink(path), nameless);
    expect(await collectRows(source(path))).toEqual(nameless.map((row) => ({ [none]: row[""], null: row.null })));
    expect(await collectRows(source(path), { columns: [none] })).toEqual([{ [none]: "a" }, { [none]: "c" }]);
  });

  test("rows without columns are counted, or refused", async () => {
    const path = folder.path(`bare.${name}`);
    const outcome = await write(sink(path), [{}, {}]).then(() => collectRows(source(path)), (error: unknown) => (error as { code: string }).code);
    expect(outcome).toEqual(name === "parquet" || name === "csv" ? "no-columns" : [{}, {}]);
  });
});

test("a column without a name travels, and is looked at, under that name", () => {
  const bytes = encodeBlock(blockFromRows([{ "": 1, null: 2 }]));
  expect([...blockRows(decodeBlock(bytes))]).toEqual([{ "": 1, null: 2 }]);
  expect(Object.keys(encodedTypes(bytes))).toEqual(["", "null"]);
  expect(inspectBlock(bytes, { rows: 1, columns: ["", "null"] })).toBeUndefined();
  expect(inspectBlock(bytes, { rows: 1, columns: ["null"] })).toMatchObject({ column: "" });
});

describe.each(formats)("%s", (name, sink, source) => {
  test("a Date that is none is missing", async () => {
    const path = folder.path(`dates.${name}`);
    await write(sink(path), [{ at: new Date(0) }, { at: new Date(Number.NaN) }]);
    const [first, second] = (await collectRows(source(path))) as { at: unknown }[];
    expect([new Date(first?.at as never).getTime(), second?.at]).toEqual([0, null]);
  });
});

test("times that are none, in a column as it is, do not travel as others", () => {
  const at: Column = { type: { kind: "timestamp" }, length: 2, values: Float64Array.of(Number.NaN, 5) };
  expect([...blockRows(decodeBlock(encodeBlock(createBlock({ at }))))]).toEqual([{ at: null }, { at: new Date(5) }]);
});

test("rows that lack such a column are missing there", async () => {
  const odd: Record<string, unknown>[] = [{ toString: "a" }, { a: 1 }];
  expect([...blockRows(blockFromRows(odd))]).toEqual([{ toString: "a", a: null }, { toString: null, a: 1 }]);
  expect(await collectRows(fromItems(odd))).toEqual([{ toString: "a", a: null }, { toString: null, a: 1 }]);
  const [first, second] = odd.map((row) => blockFromRows([row])) as [ReturnType<typeof blockFromRows>, ReturnType<typeof blockFromRows>];
  expect([...blockRows(concatBlocks([first, second]))]).toEqual([{ toString: "a", a: null }, { toString: null, a: 1 }]);
  expect([...blockRows(conformBlock(second, schemaOf(first.columns)))]).toEqual([{ toString: null }]);
  expect(() => selectColumns(second, ["toString"])).toThrow(expect.objectContaining({ code: "missing-column" }) as Error);
});

test("__proto__ is no name for a column, in a CSV header either", async () => {
  await folder.write("proto.csv", "__proto__,b\n1,2\n");
  await expect(collectRows(csvSource(folder.path("proto.csv")))).rejects.toMatchObject({ code: "bad-column-name", message: expect.stringContaining("proto.csv:1") as string });
});
