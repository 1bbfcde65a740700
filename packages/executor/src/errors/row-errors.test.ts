import { blockFromRows } from "@shoal/core";
import { expect, test } from "vitest";
import { sourceOfRow } from "./row-errors.ts";

test("a row's place is known while rows correspond", () => {
  const given = blockFromRows([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const lineage = [{ partition: "a.jsonl", version: "1", firstRow: 10, rows: 2 }, { partition: "b.jsonl", version: "1", firstRow: 0, rows: 1 }];
  expect([0, 1, 2].map((row) => sourceOfRow({ ...given, lineage }, row))).toEqual(["a.jsonl, row 11", "a.jsonl, row 12", "b.jsonl, row 1"]);
  expect(sourceOfRow({ ...given, rows: 2, lineage }, 0)).toBeUndefined();
  expect(sourceOfRow({ ...given, rows: 1, lineage: lineage.slice(0, 1) }, 0)).toBe("a.jsonl");
});
