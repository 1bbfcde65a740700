import { blockFromRows, blockRows, type Block, type Partition, type ReadOptions } from "@shoal/core";
import { expect, test } from "vitest";
import { FilesAhead } from "./files-ahead.ts";

const signal = new AbortController().signal;

function files(count: number, size: number) {
  const all = Array.from({ length: count }, (_, at) => ({ path: `file-${at}`, version: "1", size }));
  const begun: string[] = [];
  const read = async function* ({ id }: Partition): AsyncIterable<Block> {
    begun.push(id);
    if (id === "file-3") throw new Error("file-3 is broken");
    yield blockFromRows([{ id }]);
  };
  return { ahead: new FilesAhead(all), begun, read };
}

async function rowsOf({ ahead, read }: ReturnType<typeof files>, id: string, options: Partial<ReadOptions> = {}): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const block of ahead.read({ id, version: "1" }, { signal, ...options }, read)) for (const row of blockRows(block)) rows.push(row["id"]);
  return rows;
}

test("gives every file once, in order, and an error to whom it belongs", async () => {
  const source = files(100, 1000);
  const ids = Array.from({ length: 100 }, (_, at) => `file-${at}`);
  const results: unknown[] = [];
  for (const id of ids) results.push(...(await rowsOf(source, id).catch((error: Error) => [error.message])));
  expect(results).toEqual(ids.with(3, "file-3 is broken"));
  expect(source.begun).toEqual(ids);
});

test("reads none ahead of the first, more and more after it, never beyond the limit", async () => {
  const source = files(100, 1000);
  await rowsOf(source, "file-0", { limit: 3 });
  expect(source.begun).toHaveLength(1);
  await rowsOf(source, "file-1", { limit: 2 });
  expect(source.begun).toHaveLength(3);
  await rowsOf(source, "file-2", { limit: 1 });
  expect(source.begun).toHaveLength(3);
});

test("keeps few large files in memory", async () => {
  const source = files(100, 3 * 2 ** 20);
  for (const at of [0, 1, 2, 4, 5, 6]) await rowsOf(source, `file-${at}`);
  expect(source.begun.at(-1)).toBe("file-8");
});
