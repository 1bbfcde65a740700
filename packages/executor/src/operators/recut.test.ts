import type { Block } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { scan, numbered, blocksOf } from "./operator-plans.fixture.ts";

describe("recut", () => {
  const sizes = async (plan: Partial<Extract<PhysicalOperator, { kind: "recut" }>>, ...blocks: Block[]): Promise<number[]> =>
    (await blocksOf({ kind: "recut", input: scan(...blocks), multipleOf: 1, firstRows: 32, maxRows: 256, ...plan })).map((block) => block.rows);

  test("grows from the first rows to the window", async () => {
    expect(await sizes({}, ...numbered(1000, 7))).toEqual([32, 64, 128, 256, 256, 256, 8]);
  });

  test("cuts where a batch ends, whatever came", async () => {
    for (const multipleOf of [1, 3, 7, 32, 100, 300]) {
      for (const perBlock of [1, 10, 64, 5000]) {
        const cut = await sizes({ multipleOf }, ...numbered(1000, perBlock));
        expect(cut.reduce((sum, rows) => sum + rows, 0)).toBe(1000);
        expect(cut.slice(0, -1).every((rows) => rows % multipleOf === 0)).toBe(true);
      }
    }
  });

  test("gives so many blocks of near-equal size", async () => {
    expect(await sizes({ blocks: 4 }, ...numbered(10, 3))).toEqual([3, 2, 3, 2]);
    expect(await sizes({ blocks: 100 }, ...numbered(3, 3))).toEqual([1, 1, 1]);
    expect(await sizes({ blocks: 3, multipleOf: 4 }, ...numbered(20, 3))).toEqual([8, 8, 4]);
  });

  test("joins the lineage of what touches", async () => {
    const [first] = await blocksOf({ kind: "recut", input: scan(...numbered(100, 10)), multipleOf: 1, firstRows: 32, maxRows: 64 });
    expect(first?.lineage).toEqual([{ partition: "memory", version: "1", firstRow: 0, rows: 32 }]);
  });
});
