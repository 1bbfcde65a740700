import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { collectRows } from "./collect-rows.fixture.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { testFolder } from "./test-folder.fixture.ts";

test("gzip of several members is unpacked", async () => {
  const folder = await testFolder();
  const path = await folder.write("a.jsonl.gz", Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]));
  expect(await collectRows(jsonlSource(path))).toEqual([{ a: 1 }, { a: 2 }]);
  await folder.remove();
});

test("a relative pattern that matches nothing says where was looked", async () => {
  await expect(collectRows(jsonlSource("no-such-*.jsonl"))).rejects.toMatchObject({ code: "no-files", message: expect.stringContaining(process.cwd()) as string });
});
