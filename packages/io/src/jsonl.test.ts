import { blockFromRows, blockRows, createBlock, formatType, tensorColumn, ShoalError, type Block, type Datasource, type ReadOptions } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { arrow } from "./arrow.ts";
import { csv } from "./csv.ts";
import { jsonl } from "./jsonl.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { parquet } from "./parquet.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

const signal = new AbortController().signal;
let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

const file = (text: string | Uint8Array, name = "a.jsonl"): Promise<string> => folder.write(name, text);

async function blocksOf(source: Datasource<unknown>, options: Partial<ReadOptions> = {}): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal, ...options })) blocks.push(block);
  return blocks;
}

const rowsOf = async (source: Datasource<unknown>, options: Partial<ReadOptions> = {}) => (await blocksOf(source, options)).flatMap((block) => [...blockRows(block)]);
const typesOf = async (source: Datasource<unknown>) => Object.fromEntries(Object.entries((await blocksOf(source))[0]?.columns ?? {}).map(([name, column]) => [name, formatType(column.type)]));
const errorOf = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => Promise.reject(new Error("nothing was thrown")), (error: unknown) => (ShoalError.is(error) ? error : Promise.reject(error as Error)));

describe("jsonlSource", () => {
  test("rows, types, missing values, nested values", async () => {
    const source = jsonlSource(await file('{"a":1,"b":"x","c":true,"d":{"e":[1]},"f":[1,2],"g":null}\n\n{"b":null,"a":2.5,"f":[]}\r\n'));
    expect(await rowsOf(source)).toEqual([
      { a: 1, b: "x", c: true, d: { e: [1] }, f: [1, 2], g: null },
      { a: 2.5, b: null, c: null, d: null, f: [], g: null },
    ]);
    expect(await typesOf(source)).toEqual({ a: "float64", b: "utf8", c: "bool", d: "json", f: "list<float64>", g: "json" });
  });

  test("bare values become the column item", async () => {
    expect(await rowsOf(jsonlSource(await file('"a"\nnull\n"b"')))).toEqual([{ item: "a" }, { item: null }, { item: "b" }]);
  });

  test("blocks of at most 4096 rows with their lineage; limit, firstRow and columns are kept", async () => {
    const path = await file(Array.from({ length: 10_000 }, (_, id) => JSON.stringify({ id, text: `row ${id}` })).join("\n"));
    const source = jsonlSource(path);
    const blocks = await blocksOf(source);
    expect(blocks.map((block) => block.rows)).toEqual([4096, 4096, 1808]);
    expect(blocks[1]?.lineage).toMatchObject([{ partition: path, firstRow: 4096, rows: 4096 }]);
    expect(await rowsOf(source, { firstRow: 9998, columns: ["id"] })).toEqual([{ id: 9998 }, { id: 9999 }]);
    expect(await rowsOf(source, { firstRow: 5000, limit: 2 })).toEqual([{ id: 5000, text: "row 5000" }, { id: 5001, text: "row 5001" }]);
    expect((await blocksOf(source, { columns: [] })).reduce((sum, block) => sum + block.rows, 0)).toBe(10_000);
  });

  test("all files have the columns of the first", async () => {
    const first = await file('{"a":1,"b":null}\n');
    const second = await file('{"a":2}\n', "b.jsonl");
    expect(await rowsOf(jsonlSource([first, second]))).toEqual([{ a: 1, b: null }, { a: 2, b: null }]);
    expect(await errorOf(rowsOf(jsonlSource([second, await file('{"a":1,"z":"new"}\n')])))).toMatchObject({ code: "schema-conflict", details: { column: "z" } });
  });

  test("a conflict after the sample names file, line and column", async () => {
    const path = await file(`${'{"a":1}\n'.repeat(1500)}{"a":"one"}\n`);
    const error = await errorOf(rowsOf(jsonlSource(path)));
    expect(error.code).toBe("schema-conflict");
    expect(error.message).toContain(`${path}:1501: column "a" has "one" where numbers (float64) were expected`);
    expect((await rowsOf(jsonlSource(path, { types: { a: "json" } }))).at(-1)).toEqual({ a: "one" });
  });

  test("bad JSON names file, line, column and byte", async () => {
    const path = await file('{"a":1}\n{"ä":1,}\n');
    const error = await errorOf(rowsOf(jsonlSource(path)));
    expect(error).toMatchObject({ code: "invalid-json", details: { line: 2, column: 8, byte: 16 } });
    expect(error.message).toContain(`${path}:2:8: a key in double quotes was expected, not "}"`);
  });

  test("invalid UTF-8 names its byte", async () => {
    const path = await file(new Uint8Array([...new TextEncoder().encode('{"a":"é"}\n{"a":"'), 0xe9, 0x22, 0x7d, 10]));
    expect(await errorOf(rowsOf(jsonlSource(path)))).toMatchObject({ code: "invalid-utf8", details: { line: 2, byte: 17 } });
  });

  test("a file in UTF-16 is told from one in Latin-1", async () => {
    const error = await errorOf(rowsOf(jsonlSource(await file(Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0, 0x0a, 0) as never))));
    expect(error).toMatchObject({ code: "invalid-utf8", hint: expect.stringContaining("-f UTF-16 ") as string });
  });

  test("a byte order mark is left out, gzip is unpacked", async () => {
    expect(await rowsOf(jsonlSource(await file('\ufeff{"a":1}')))).toEqual([{ a: 1 }]);
    const packed = new Uint8Array(await new Response(new Blob(['{"a":1}\n{"a":2}\n']).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    expect(await rowsOf(jsonlSource(await file(packed, "a.jsonl.gz")))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await errorOf(rowsOf(jsonlSource(await file(packed.subarray(0, 20), "b.jsonl.gz"))))).toMatchObject({ code: "gzip-corrupt" });
  });

  test("a line that is too long is refused", async () => {
    expect(await errorOf(rowsOf(jsonlSource(await file(`"${"x".repeat(100)}"\n"y"`), { maxLineBytes: 50 })))).toMatchObject({ code: "line-too-long" });
  });

  test("whole numbers that JavaScript can't hold are refused, and exact as int64", async () => {
    const path = await file('{"id":1,"s":"9007199254740993"}\n{"id":9007199254740993,"s":"\\"-9007199254740993"}\n');
    const error = await errorOf(rowsOf(jsonlSource(path)));
    expect(error).toMatchObject({ code: "inexact-number" });
    expect(error.message).toContain(":2: ");
    expect((await rowsOf(jsonlSource(path, { types: { id: "int64" } })))[1]).toMatchObject({ id: 9007199254740993n });
  });

  test("keys that every object inherits are ordinary columns; __proto__ is refused", async () => {
    expect(await rowsOf(jsonlSource(await file('{"constructor":"x","a":1}\n{"a":2}\n')))).toEqual([{ constructor: "x", a: 1 }, { constructor: null, a: 2 }]);
    expect(await errorOf(rowsOf(jsonlSource(await file('{"__proto__":1}\n'))))).toMatchObject({ code: "bad-column-name" });
    const later = await file('{"a":1}\n\n{"a":2,"__proto__":1}\n', "later.jsonl");
    for (const options of [{}, { inferRows: 1 }]) expect((await errorOf(rowsOf(jsonlSource(later, options)))).message).toContain(`${later}:3: A column can't be called "__proto__"`);
  });

  test("a Standard Schema validates and changes every row", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => {
          const { n } = value as { n: unknown };
          return typeof n === "number" ? { value: { n: n * 2 } } : { issues: [{ message: "expected a number", path: ["n"] }] };
        },
      },
    };
    expect(await rowsOf(jsonlSource(await file('{"n":1}\n{"n":2}'), { schema }))).toEqual([{ n: 2 }, { n: 4 }]);
    const path = await file('{"n":1}\n{"n":"two"}');
    expect((await errorOf(rowsOf(jsonlSource(path, { schema })))).message).toContain(`${path}:2: column "n" has "two", which does not fit the schema: expected a number`);
  });

  test("a missing file and an empty pattern are named", async () => {
    expect(await errorOf(rowsOf(jsonlSource(folder.path("no.jsonl"))))).toMatchObject({ code: "file-not-found", message: expect.stringContaining("no.jsonl") });
    expect(await errorOf(rowsOf(jsonlSource(folder.path("no-such-*.jsonl"))))).toMatchObject({ code: "no-files", message: expect.stringContaining("no-such-*.jsonl") });
  });
});

describe("jsonl", () => {
  test("writes what was read: numbers, digits, bytes, dates, tensors", async () => {
    const path = folder.path("out.jsonl");
    const writer = await jsonl(path).open(signal);
    const block = createBlock({
      ...blockFromRows([{ big: 9007199254740993n, at: new Date(0), bytes: new Uint8Array([1, 2, 3]), text: 'a"\ud800', nested: { big: 1n }, nan: NaN }]).columns,
      pixels: tensorColumn(new Uint8Array([0, 255]), [2]),
    });
    await writer.write(block);
    expect(await folder.names()).toEqual([".out.jsonl.shoal-unfinished"]);
    expect(await writer.publish({ fields: [] })).toMatchObject({ location: path, files: [path], rows: 1 });
    expect(await folder.text("out.jsonl")).toBe(
      '{"big":9007199254740993,"at":"1970-01-01T00:00:00.000Z","bytes":"AQID","text":"a\\"\\ud800","nested":{"big":1},"nan":null,"pixels":[0,255]}\n',
    );
    expect(await folder.names()).toEqual(["out.jsonl"]);
  });

  test("later blocks may bring columns, but no other types", async () => {
    const writer = await jsonl(folder.path("out/")).open(signal);
    await writer.write(blockFromRows([{ a: null }]));
    await writer.write(blockFromRows([{ a: 1, b: "x" }]));
    await writer.write(blockFromRows([{ b: "y" }]));
    expect(await errorOf(writer.write(blockFromRows([{ a: "one" }])))).toMatchObject({ code: "schema-conflict", details: { column: "a" } });
    await writer.discard();
    expect(await folder.names()).toEqual([]);
  });

  test("a value nested without end is refused, not a crash", async () => {
    const path = await file(`{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`, "deep.jsonl");
    const [block] = await blocksOf(jsonlSource(path));
    for (const sink of [jsonl(folder.path("out.jsonl")), csv(folder.path("out.csv")), parquet(folder.path("out.parquet")), arrow(folder.path("out.arrow"))]) {
      const writer = await sink.open(signal);
      expect(await errorOf(writer.write(block as Block))).toMatchObject({ code: "nested-too-deep", details: { column: "a" } });
      await writer.discard();
    }
  });

  test("gzip", async () => {
    const path = folder.path("out.jsonl.gz");
    const writer = await jsonl(path).open(signal);
    await writer.write(blockFromRows([{ a: 1 }]));
    await writer.publish({ fields: [] });
    expect((await folder.bytes("out.jsonl.gz"))[0]).toBe(0x1f);
    expect(await rowsOf(jsonlSource(path))).toEqual([{ a: 1 }]);
  });
});
