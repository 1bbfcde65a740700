import { blockFromRows } from "@shoal/core";
import { expect, test } from "vitest";
import { collectRows } from "../collect-rows.ts";
import { memoryFile } from "../memory-file.ts";
import { parquet } from "../parquet.ts";
import { parquetSource } from "../parquet-source.ts";
import { startWebThread } from "./web-thread.ts";

const { signal } = new AbortController();

test("Parquet is encoded and decoded in a worker", async () => {
  const file = memoryFile("a.parquet");
  const writer = await parquet(file).open(signal);
  await writer.write(blockFromRows([{ id: 1, text: "one" }]));
  await writer.publish({ fields: [] });
  expect(await collectRows(parquetSource(file.toFile()))).toEqual([{ id: 1, text: "one" }]);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  expect(loaded).toContainEqual(expect.stringContaining("decode-web-worker"));
  expect(loaded, "which is what it would fall back to").not.toContainEqual(expect.stringContaining("thread-on-the-spot"));
});

test("a worker answers a job that there is none of", async () => {
  const thread = await startWebThread();
  const answer = await new Promise((resolve, reject) => {
    thread.listen(resolve, reject);
    thread.post({ kind: "start", job: "none", argument: {} }, []);
  });
  expect(answer).toMatchObject({ kind: "failed", settled: true });
  await thread.end();
});
