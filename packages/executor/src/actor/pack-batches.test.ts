import { describe, expect, test } from "vitest";
import { dearestFirst, endOfBatch, paddedCost } from "./pack-batches.ts";

function pack(costs: readonly number[], limits: { rows: number; cost: number }): number[][] {
  const order = dearestFirst(costs);
  const batches: number[][] = [];
  for (let at = 0; at < order.length; ) {
    const end = endOfBatch(order, at, limits, costs);
    batches.push([...order.subarray(at, end)]);
    at = end;
  }
  return batches;
}

describe("packing under a padded budget", () => {
  test("puts the dearest first and rows of like cost together", () => {
    expect(pack([1, 9, 2, 10, 2, 1], { rows: 100, cost: 20 })).toEqual([[3, 1], [2, 4, 0, 5]]);
  });

  test("keeps rows × dearest within the budget, and every row once", () => {
    for (let seed = 1; seed < 200; seed++) {
      const costs = Array.from({ length: seed % 37 }, (_, row) => 1 + ((row * 7919 * seed) % 101));
      const batches = pack(costs, { rows: 1 + (seed % 9), cost: 120 });
      expect(batches.flat().toSorted((a, b) => a - b)).toEqual(costs.map((_, row) => row));
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(1 + (seed % 9));
        expect(batch.length === 1 || paddedCost(Int32Array.from(batch), costs) <= 120).toBe(true);
      }
    }
  });

  test("gives a row dearer than the budget a batch of its own", () => {
    expect(pack([5, 500, 5], { rows: 10, cost: 100 })).toEqual([[1], [0, 2]]);
  });

  test("rows that cost nothing are bounded by the row limit", () => {
    expect(pack([0, 0, 0], { rows: 2, cost: 10 })).toEqual([[0, 1], [2]]);
  });
});
