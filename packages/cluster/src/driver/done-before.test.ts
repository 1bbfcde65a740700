import { expect, test } from "vitest";
import { DoneBefore } from "./done-before.ts";

test("a block was done before where it is in one of the runs", () => {
  const before = new DoneBefore({ rows: 96, runs: [[0, 2], [7, 1], [9, 3]] });
  expect(Array.from({ length: 14 }, (_, block) => block).filter((block) => before.has(block))).toEqual([0, 1, 7, 9, 10, 11]);
  expect(new DoneBefore({ rows: 0, runs: [] }).has(0)).toBe(false);
});
