import { blockFromRows } from "@shoal/core";
import { expect, test } from "vitest";
import { fileDatasink, type SinkFormat } from "./file-datasink.ts";
import { memoryFile } from "./memory-file.ts";

const { signal } = new AbortController();

test("an output is let go though its encoder can't be stopped", async () => {
  const format: SinkFormat = {
    format: "odd",
    extensions: [".odd"],
    fixes: "nothing",
    encode: () => ({ write: async () => {}, end: async () => {}, abandon: () => Promise.reject(new Error("stuck")) }),
  };
  const sink = fileDatasink(memoryFile("out.odd"), format);
  const writer = await sink.open(signal);
  await writer.write(blockFromRows([{ id: 1 }]));
  await expect(writer.discard()).rejects.toThrow("stuck");
  await (await sink.open(signal)).discard();
});
