import { blockFromRows } from "@shoal/core";
import { expect, test } from "vitest";
import { csv } from "./csv.ts";
import { memoryFile } from "./memory-file.ts";
import { parquet } from "./parquet.ts";

const { signal } = new AbortController();

test("a file in memory has the name, and the type of its extension", async () => {
  const file = memoryFile("labels.csv");
  expect(() => file.toFile()).toThrow(expect.objectContaining({ code: "nothing-written" }) as Error);
  const writer = await csv(file).open(signal);
  await writer.write(blockFromRows([{ id: 1, label: "a" }]));
  const result = await writer.publish({ fields: [] });
  expect(result).toMatchObject({ location: "labels.csv", files: ["labels.csv"], rows: 1, bytes: 13 });
  expect(file.toFile()).toMatchObject({ name: "labels.csv", type: "text/csv", size: 13 });
  expect(await file.toFile().text()).toBe("id,label\n1,a\n");
});

test("a tab-separated one is so by its name; whatever its name, it is one file", async () => {
  const file = memoryFile("labels.tsv");
  const writer = await csv(file).open(signal);
  await writer.write(blockFromRows([{ a: 1, b: 2 }]));
  await writer.publish({ fields: [] });
  expect(await file.toFile().text()).toBe("a\tb\n1\t2\n");
  await expect(parquet(memoryFile("labels"), { maxRowsPerFile: 2 }).open(signal)).rejects.toMatchObject({ code: "bad-option" });
  expect(parquet(memoryFile("labels")).spec).toBeUndefined();
});
