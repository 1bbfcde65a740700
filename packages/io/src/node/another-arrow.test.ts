import { createRequire } from "node:module";
import { blockFromBatch, blockFromTable, blockRow, decodeBlock, encodeBlock } from "@shoal/core";
import * as own from "apache-arrow";
import { expect, test } from "vitest";
import { collectRows } from "../collect-rows.ts";
import { fromArrow } from "../from-arrow.ts";

/** The user's copy of the library: Node's bundle of core has one of its own. */
const users = createRequire(import.meta.url)("apache-arrow") as typeof own;

test("a table of another copy of Apache Arrow is read, and its columns travel, also those that stay Arrow's", async () => {
  expect(users.Table).not.toBe(own.Table);
  const decimal = (arrow: typeof own) => {
    const data = arrow.makeData({ type: new arrow.Decimal(2, 10, 128), length: 2, nullCount: 0, data: Uint32Array.of(150, 0, 0, 0, 275, 0, 0, 0) });
    return arrow.makeVector(data);
  };
  const table = (arrow: typeof own) => new arrow.Table({
    n: arrow.vectorFromArray([1, 2], new arrow.Int32()),
    word: arrow.vectorFromArray(["a", "b"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
    list: arrow.vectorFromArray([[1, 2], [3]], new arrow.List(new arrow.Field("item", new arrow.Float64(), true))),
    pair: arrow.vectorFromArray([{ x: 1 }, { x: 2 }], new arrow.Struct([new arrow.Field("x", new arrow.Int32(), true)])),
    price: decimal(arrow),
  });
  const rows = (arrow: typeof own) => [0, 1].map((row) => JSON.stringify(blockRow(decodeBlock(encodeBlock(blockFromTable(table(arrow) as never))), row)));
  expect(rows(users)).toEqual(rows(own));
  expect(blockFromBatch(table(users), "a step").rows).toBe(2);
  expect(JSON.stringify(await collectRows(fromArrow(table(users) as never)))).toBe(JSON.stringify(await collectRows(fromArrow(table(own) as never))));
});
