import { expect, test } from "vitest";
import { collectRows } from "../collect-rows.fixture.ts";
import { jsonlSource } from "../jsonl-source.ts";
import { parquetSource } from "../parquet-source.ts";
import { textSource } from "../text-source.ts";

test.each(["-", "file:///a.jsonl", "C:\\data\\a.jsonl", "data/*.jsonl", "s3://bucket/a.jsonl", "blob:http://localhost/1"])("%s is no path in a page, and what is is said", async (path) => {
  await expect(collectRows(jsonlSource(path))).rejects.toMatchObject({ code: "no-local-files", hint: expect.stringMatching(/File or Blob.*URL.*opfs:/) as string });
});

test("a relative path is a URL beside the page", async () => {
  const here = new URL("./page-paths.browser.test.ts", import.meta.url).pathname;
  const rows = await collectRows(textSource(here), { limit: 1 });
  expect(rows[0]?.["text"]).toContain("import");
});

test("what the server lacks is not found", async () => {
  await expect(collectRows(parquetSource("/no/such/file.parquet"))).rejects.toMatchObject({ code: "file-not-found" });
});

test("gzip of several members, which browsers can't unpack, is an error and not half a file", async () => {
  const member = async (text: string): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  const file = new File([await member('{"a":1}\n'), await member('{"a":2}\n')], "a.jsonl.gz");
  await expect(collectRows(jsonlSource(file))).rejects.toMatchObject({ code: "gzip-corrupt" });
});
