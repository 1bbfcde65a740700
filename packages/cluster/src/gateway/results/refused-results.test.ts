import { expect, test } from "vitest";
import { RefusedResults } from "./refused-results.ts";

test("refused results are told at the first, then at twice as many; and again where nothing is done", () => {
  const refused = new RefusedResults();
  expect(refused.sentence(0, true)).toBeUndefined();
  refused.add("a", "no.", 0);
  expect(refused.sentence(5_000, false)).toBe("a result of a was refused: no.");
  refused.add("b", "No rows.", 6_000);
  refused.add("c", "No columns.", 7_000);
  expect(refused.sentence(8_000, false)).toBe("2 results were refused, the last of them one of b: No rows.");
  expect(refused.sentence(20_000, false)).toBeUndefined();
  expect(refused.sentence(20_000, true)).toContain("b: No rows.");
  refused.add("d", "x".repeat(1_000), 21_000);
  expect(refused.sentence(21_000, false)?.length).toBeLessThan(400);
});
