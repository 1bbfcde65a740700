import type { Datasource } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { source, blocksOf, filter, withColumn, functions } from "./operator-plans.fixture.ts";

describe("an input without rows", () => {
  test("still has its columns", async () => {
    const empty: Datasource = { ...source([]), schema: async () => ({ fields: [{ name: "n", type: { kind: "int64" }, nullable: false }] }) };
    const [block] = await blocksOf(functions({ kind: "scan", source: empty }, filter(() => true), withColumn("m", () => 1)));
    expect(block).toMatchObject({ rows: 0, columns: { n: { length: 0 }, m: { length: 0 } } });
  });
});
