import { blockFromRows, formatType } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collectBlocks, collectRows } from "./collect-rows.fixture.ts";
import { csv } from "./csv.ts";
import { csvSource } from "./csv-source.ts";
import { testFolder, type TestFolder } from "./test-folder.fixture.ts";

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

const file = (text: string, name = "a.csv"): Promise<string> => folder.write(name, text);

describe("csvSource", () => {
  test("numbers, booleans, text; empty is missing; codes stay text", async () => {
    const source = csvSource(await file('n,b,t,zip,phone,id,none\n1,true,x,02134,+45,9007199254740993,\n-2.5e3,FALSE,"a ""b"", c",10001,+46,1,\n,,,,,,\n'));
    expect(await collectRows(source)).toEqual([
      { n: 1, b: true, t: "x", zip: "02134", phone: "+45", id: "9007199254740993", none: null },
      { n: -2500, b: false, t: 'a "b", c', zip: "10001", phone: "+46", id: "1", none: null },
      { n: null, b: null, t: null, zip: null, phone: null, id: null, none: null },
    ]);
  });

  test("declared types", async () => {
    const source = csvSource(await file("zip,id,at,v\n10001,9007199254740993,2020-01-01T00:00:00Z,\"[1,2]\"\n"), { types: { zip: "utf8", id: "int64", at: "timestamp", v: { kind: "list", element: "float64" } } });
    expect(await collectRows(source)).toEqual([{ zip: "10001", id: 9007199254740993n, at: new Date("2020-01-01"), v: [1, 2] }]);
  });

  test("no header, another delimiter, \\r\\n, tabs, a byte order mark", async () => {
    expect(await collectRows(csvSource(await file("\ufeff1;x\r\n2;\"y\r\nz\"\r\n"), { header: false, delimiter: ";" }))).toEqual([{ column0: 1, column1: "x" }, { column0: 2, column1: "y\r\nz" }]);
    expect(await collectRows(csvSource(await file("\ufeffa\tb\n1\t2\n", "a.tsv")))).toEqual([{ a: 1, b: 2 }]);
  });

  test("files with their columns in another order", async () => {
    expect(await collectRows(csvSource([await file("a,b\n1,2\n"), await file("b,a\n3,4\n", "b.csv")]))).toEqual([{ a: 1, b: 2 }, { a: 4, b: 3 }]);
    await expect(collectRows(csvSource([await file("a\n1\n"), await file("a,c\n3,4\n", "b.csv")]))).rejects.toMatchObject({ code: "schema-conflict", details: { column: "c" } });
  });

  test("quoted cells over several megabytes of reads, and rows after them", async () => {
    const long = "x\n".repeat(3_000_000);
    const rows = await collectRows(csvSource(await file(`a,b\n1,"${long}"\n2,y\n`)));
    expect(rows).toEqual([{ a: 1, b: long }, { a: 2, b: "y" }]);
  });

  test("blocks, firstRow, limit, columns", async () => {
    const source = csvSource(await file(`id,text\n${Array.from({ length: 9000 }, (_, id) => `${id},row ${id}\n`).join("")}`));
    expect((await collectBlocks(source)).map((block) => block.rows)).toEqual([4096, 4096, 808]);
    expect(await collectRows(source, { firstRow: 8999 })).toEqual([{ id: 8999, text: "row 8999" }]);
    expect(await collectRows(source, { firstRow: 5000, limit: 2, columns: ["text"] })).toEqual([{ text: "row 5000" }, { text: "row 5001" }]);
  });

  test.each([
    ["invalid-csv", 'a,b\n1,2\n3,"x\ny\n', ":3:"],
    ["invalid-csv", 'a,b\n1,"x"y\n', ":2:"],
    ["ragged-row", 'a,b\n"1\n",2\n3\n', ":4:"],
    ["invalid-csv", "\0".repeat(3000), ":1: character 1 of the line is NUL"],
    ["invalid-csv", `a,b\n1,"x\ny\0"\n1\0${"\0".repeat(3000)}`, ":4: character 2 of the line is NUL"],
    ["invalid-csv", `a\n${"1\n".repeat(600_000)}\0\0\n`, ":600002: character 1 of the line is NUL"],
    ["duplicate-column", "a,a\n1,2\n", ":1:"],
    ["schema-conflict", `a\n${"1\n".repeat(1500)}x\n`, ":1502:"],
  ])("%s names the line", async (code, text, line) => {
    const path = await file(text);
    const error = await collectRows(csvSource(path)).then(() => undefined, (thrown: unknown) => thrown as Error & { code: string });
    expect(error).toMatchObject({ code });
    expect(error?.message).toContain(path + line);
  });

  test("a quote that is never closed does not take all memory", async () => {
    const path = await file(`a,b\n1,"${"x,y\n".repeat(500_000)}`);
    await expect(collectRows(csvSource(path, { maxRowBytes: 1_000_000 }))).rejects.toMatchObject({ code: "line-too-long", details: { line: 2 } });
  });

  test("NUL may stand within quotes, where our own files have it", async () => {
    const rows = [{ a: "x\0y", b: 1 }, { a: "\0", b: 2 }];
    const writer = await csv(folder.path("nul.csv")).open(new AbortController().signal);
    await writer.write(blockFromRows(rows));
    await writer.publish({ fields: [] });
    expect(await collectRows(csvSource(folder.path("nul.csv")))).toEqual(rows);
  });

  test("tens of thousands of columns, of which some are chosen", async () => {
    const names = Array.from({ length: 30_000 }, (_, at) => `c${at}`);
    const path = await file(`${names.join(",")}\n${names.map((_, at) => at).join(",")}\n`);
    const [row] = await collectRows(csvSource(path), { columns: names.slice(1) });
    expect(Object.entries(row ?? {}).at(-1)).toEqual(["c29999", 29_999]);
    expect(Object.keys(row ?? {})).toHaveLength(29_999);
    await expect(collectRows(csvSource(await file(`${names.join(",")},c7\n`)))).rejects.toMatchObject({ code: "duplicate-column", details: { column: "c7" } });
  });

  test("a Standard Schema sees typed rows", async () => {
    const schema = { "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ((value as { a: unknown }).a === 2 ? { issues: [{ message: "no two", path: ["a"] }] } : { value }) } };
    const path = await file("a\n1\n2\n");
    await expect(collectRows(csvSource(path, { schema }))).rejects.toThrow(`${path}:3: column "a" has 2, which does not fit the schema: no two`);
  });
});

describe("csv", () => {
  test("what is written is read again", async () => {
    const rows = [
      { n: 1.5, b: true, t: 'a "b", c', d: "two\nlines", j: { x: [1] } },
      { n: null, b: false, t: " edge ", d: null, j: null },
    ];
    const writer = await csv(folder.path("out.csv")).open(new AbortController().signal);
    await writer.write(blockFromRows(rows));
    await writer.publish({ fields: [] });
    expect(await folder.text("out.csv")).toBe('n,b,t,d,j\n1.5,true,"a ""b"", c","two\nlines","{""x"":[1]}"\n,false," edge ",,\n');
    const back = csvSource(folder.path("out.csv"), { types: { j: "json" } });
    expect(await collectRows(back)).toEqual(rows);
    expect(formatType((await collectBlocks(back))[0]?.columns["n"]?.type ?? { kind: "null" })).toBe("float64");
  });

  test("an output without rows keeps its header; new columns are refused", async () => {
    const empty = await csv(folder.path("empty.csv")).open(new AbortController().signal);
    await empty.publish({ fields: [{ name: "a,b", type: { kind: "utf8" }, nullable: true }] });
    expect(await folder.text("empty.csv")).toBe('"a,b"\n');
    const writer = await csv(folder.path("out.csv")).open(new AbortController().signal);
    await writer.write(blockFromRows([{ a: 1 }]));
    await expect(writer.write(blockFromRows([{ a: 1, b: 2 }]))).rejects.toMatchObject({ code: "schema-conflict" });
    await writer.discard();
  });
});
