import { describe, expect, test } from "vitest";
import { cutBatches, dearestFirst, paddedCost } from "./pack-batches.ts";

function pack(costs: readonly number[], limits: { rows: number; cost: number }): number[][] {
  const order = dearestFirst(costs);
  const batches: number[][] = [];
  for (let at = 0; at < order.length; ) {
    const end = cutBatches(order, at, limits, costs)[at] as number;
    batches.push([...order.subarray(at, end)]);
    at = end;
  }
  return batches;
}

/** Every way to cut rows into batches of at most 5 rows and 64 padded. */
function allCuts(order: readonly number[], costs: readonly number[]): number[][][] {
  if (order.length === 0) return [[]];
  const ways: number[][][] = [];
  for (let rows = 1; rows <= Math.min(5, order.length); rows++) {
    const batch = order.slice(0, rows);
    if (rows > 1 && paddedCost(Int32Array.from(batch), costs) > 64) break;
    for (const rest of allCuts(order.slice(rows), costs)) ways.push([batch, ...rest]);
  }
  return ways;
}

describe("packing under a padded budget", () => {
  test("puts the dearest first and rows of like cost together", () => {
    expect(pack([1, 9, 2, 10, 2, 1], { rows: 100, cost: 20 })).toEqual([[3], [1], [2, 4], [0, 5]]);
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

  test("wins more by less padding than another call costs, and no less", () => {
    // A call counts as 1: to keep 9 from being padded to 10 is worth as much, to keep 8 from it more.
    expect(pack([10, 10, 9], { rows: 100, cost: 32 })).toEqual([[0, 1, 2]]);
    expect(pack([10, 8, 8], { rows: 100, cost: 32 })).toEqual([[0], [1, 2]]);
  });

  test("costs no more than any other way to cut", () => {
    for (let seed = 1; seed < 60; seed++) {
      const costs = Array.from({ length: 1 + (seed % 9) }, (_, row) => 1 + ((row * 31 * seed + seed) % 23));
      const total = (batches: readonly (readonly number[])[]): number => batches.reduce((sum, batch) => sum + 64 / 32 + paddedCost(Int32Array.from(batch), costs), 0);
      expect(total(pack(costs, { rows: 5, cost: 64 }))).toBeCloseTo(Math.min(...allCuts([...dearestFirst(costs)], costs).map(total)));
    }
  });

  test("gives a row dearer than the budget a batch of its own", () => {
    expect(pack([5, 500, 5], { rows: 10, cost: 100 })).toEqual([[1], [0, 2]]);
  });

  test("rows that cost nothing are bounded by the row limit", () => {
    expect(pack([0, 0, 0], { rows: 2, cost: 10 })).toEqual([[0, 1], [2]]);
  });
});
