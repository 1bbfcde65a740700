import { expect, test } from "vitest";
import { CountedRows } from "./counted-rows.ts";

test("rows of a task that runs count as they are done, and once", () => {
  const rows = new CountedRows<string>();
  rows.begin(0);
  for (let second = 2; second <= 20; second += 2) {
    rows.progressed(second * 1000, "block", second * 10);
    expect(rows.perSecond(second * 1000)).toBeCloseTo(10, 5);
  }
  // Another worker is behind with the same block.
  rows.progressed(20_000, "block", 50);
  rows.ended(22_000, "block", 220);
  expect(rows.perSecond(22_000)).toBeCloseTo(10, 5);
});
