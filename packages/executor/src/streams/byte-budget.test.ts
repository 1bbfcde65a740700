import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

test("a byte budget has room until it is full, and always for one block", () => {
  let freed = 0;
  const budget = new ByteBudget(100, () => freed++);
  const large = budget.take(500);
  expect(budget.hasRoom).toBe(false);
  large.release();
  large.release();
  expect([budget.held, budget.hasRoom, freed]).toEqual([0, true, 1]);
  const a = budget.take(60);
  expect(budget.hasRoom).toBe(true);
  a.resize(120);
  expect([budget.hasRoom, budget.peak]).toEqual([false, 500]);
});
