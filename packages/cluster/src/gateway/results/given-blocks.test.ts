import { expect, test } from "vitest";
import { GivenBlocks } from "./given-blocks.ts";

test("what is taken is let go of once, whatever is said", () => {
  const given = new GivenBlocks();
  for (let block = 0; block < 10; block++) given.give(block, [`rows ${block}`]);
  given.give(9, ["a", "b", "a"]);
  expect(given.take([[2, 2], [3, 1], [50, 3]])).toEqual(["rows 2", "rows 3"]);
  expect(given.take([[2, 2]])).toEqual([]);
  expect(given.take([[8, 1_000_000]])).toEqual(["rows 8", "a", "b", "a"]);
  expect(given.take([[2 ** 53 - 1, 2 ** 53 - 1]])).toEqual([]);
  expect(given.size).toBe(6);
  expect(given.take([[0, 6], [6, 1_000]])).toEqual([0, 1, 4, 5, 6, 7].map((block) => `rows ${block}`));
  expect(given.size).toBe(0);
});
