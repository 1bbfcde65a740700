import { expect, test } from "vitest";
import type { Datasource } from "@shoal/core";
import { dataset, type DatasetRuntime } from "./index.ts";
import { inspectNode } from "./printable.ts";

const source: Datasource<{ id: number; text: string }> = {
  name: "reviews.jsonl", resumable: true, prunesColumns: false,
  schema: async () => ({ fields: [{ name: "id", type: { kind: "float64" }, nullable: false }, { name: "text", type: { kind: "utf8" }, nullable: true }] }),
  async *partitions() {},
  async *read() {},
};
const rows = dataset(source, { settings: {} } as DatasetRuntime);

test("a dataset is shown as its plan", () => {
  const shown = "Dataset, of which nothing has run:\n  select id\n    filter even()\n      read reviews.jsonl";
  const picked = rows.filter(function even(row) { return row.id % 2 === 0; }).select("id");
  expect(String(picked)).toBe(shown);
  expect(picked[inspectNode]()).toBe(shown);
  const long = Array.from({ length: 20 }).reduce<typeof rows>((each) => each.limit(3), rows);
  expect(String(long).split("\n").slice(-1)).toEqual(["  … 13 more; explain() has them all"]);
});

test("a schema is shown as a line, and is the data that it was", async () => {
  const schema = await rows.schema();
  expect(String(schema)).toBe("Schema { id: float64, text: utf8? }");
  expect(schema).toEqual(await source.schema?.(new AbortController().signal));
  expect(Object.keys(schema)).toEqual(["fields"]);
});
