import { blockFromRows } from "@shoal/core";
import { expect, test } from "vitest";
import { collectRows } from "./collect-rows.fixture.ts";
import { csvSource } from "./csv-source.ts";
import { GivenFiles } from "./given-files.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { memoryFile } from "./memory-file.ts";
import { parquet } from "./parquet.ts";
import { parquetSource } from "./parquet-source.ts";
import { testFolder } from "./test-folder.fixture.ts";

const { signal } = new AbortController();

test("Files have their names, in messages, for delimiters and in the lineage of rows", async () => {
  expect(await collectRows(csvSource(new File(["a\tb\n1\t2\n"], "a.tsv")))).toEqual([{ a: 1, b: 2 }]);
  await expect(collectRows(jsonlSource(new File(["{]"], "people.jsonl")))).rejects.toMatchObject({ code: "invalid-json", message: expect.stringContaining("people.jsonl:1:2") as string });
  await expect(collectRows(jsonlSource(new Blob(["{]"])))).rejects.toMatchObject({ message: expect.stringContaining("blob:1:2") as string });
});

test("several of one name are all read", async () => {
  const given = new GivenFiles([new File(["1"], "a"), new File(["2"], "a"), new Blob(["3"])]);
  expect((await given.find([], signal)).map(({ path }) => path)).toEqual(["a", "a (2)", "blob"]);
  expect(await collectRows(jsonlSource([new File(["1"], "a"), new File(["2"], "a")]))).toEqual([{ item: 1 }, { item: 2 }]);
});

test("unlike ones of one name and size are never taken for each other", async () => {
  for (const word of ["one", "two", "six"]) {
    const file = memoryFile("a.parquet");
    const writer = await parquet(file).open(signal);
    await writer.write(blockFromRows([{ [word]: word }]));
    await writer.publish({ fields: [] });
    expect(await collectRows(parquetSource(new Blob([file.toFile()])))).toEqual([{ [word]: word }]);
  }
});

test("beside paths they are never taken for what a path leads to", async () => {
  const folder = await testFolder();
  const path = await folder.write("a.jsonl", '"on disk"\n');
  const source = jsonlSource([path, new File(['"given"\n'], path)]);
  expect(await collectRows(source)).toEqual([{ item: "on disk" }, { item: "given" }]);
  await folder.remove();
});

test("a plan can't hold them, and holds paths", () => {
  expect(jsonlSource(new Blob([])).spec).toBeUndefined();
  expect(jsonlSource("a.jsonl").spec).toEqual({ format: "jsonl", options: { paths: ["a.jsonl"] } });
});

test("only those whose name ends in .gz may not be empty", async () => {
  expect(await collectRows(jsonlSource(new File([], "a.jsonl")))).toEqual([]);
  await expect(collectRows(jsonlSource(new File([], "a.jsonl.gz")))).rejects.toMatchObject({ code: "gzip-corrupt" });
});

test("what is no path, as of a variable that is not set, is refused in words", () => {
  expect(() => jsonlSource(undefined as never)).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringContaining("undefined was given as what to read") as string }) as Error);
  expect(() => parquetSource(["a.parquet", ""])).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringContaining("entry 1 of the list") as string }) as Error);
  for (const place of [undefined, null, "", 7, {}]) expect(() => parquet(place as never)).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringContaining("as the place to write to") as string }) as Error);
});
