import { blockFromRows, blockRows, type Datasink, type Datasource } from "@shoal/core";
import { beforeAll, expect, test, vi } from "vitest";
import { arrow } from "../arrow.ts";
import { arrowSource } from "../arrow-source.ts";
import { collectBlocks } from "../collect-rows.fixture.ts";
import { memoryFile, type MemoryFile } from "../memory-file.ts";
import { parquet } from "../parquet.ts";
import { parquetSource } from "../parquet-source.ts";

const { signal } = new AbortController();
const started = vi.fn<() => void>();

// As in a bundle that lacks the worker's file.
beforeAll(() => {
  const { Worker: RealWorker } = globalThis;
  vi.stubGlobal("Worker", class extends RealWorker {
    constructor() {
      started();
      super(new URL("./no-such-worker.js", import.meta.url), { type: "module" });
    }
  });
});

const formats: readonly [name: string, sink: (file: MemoryFile) => Datasink, source: (file: File) => Datasource][] = [["parquet", parquet, parquetSource], ["arrow", arrow, arrowSource]];

test.each(formats)("without workers %s is encoded and decoded all the same, and one start is tried", async (name, sink, source) => {
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, text: `row ${id}` }));
  const file = memoryFile(`a.${name}`);
  const writer = await sink(file).open(signal);
  for (let at = 0; at < rows.length; at += 1000) await writer.write(blockFromRows(rows.slice(at, at + 1000)));
  await writer.publish({ fields: [] });
  const blocks = await collectBlocks(source(file.toFile()));
  expect(blocks.flatMap((block) => [...blockRows(block)])).toEqual(rows);
  expect(started).toHaveBeenCalledTimes(1);
});

test.each(formats)("what is no %s is refused", async (name, _sink, source) => {
  await expect(collectBlocks(source(new File(["some words, and no more than that"], `a.${name}`)))).rejects.toMatchObject({ code: "bad-file" });
});
