import { expect, test } from "vitest";
import { CommittedSet } from "./committed-set.ts";

test("holds what came, and one number for all that came in order", () => {
  const set = new CommittedSet();
  for (const block of [0, 1, 5, 3, 3, 2]) set.add(block);
  expect([0, 1, 2, 3, 4, 5, 6].map((block) => set.has(block))).toEqual([true, true, true, true, false, true, false]);
  expect(set).toMatchObject({ size: 5, below: 4 });
  set.add(4);
  expect(set).toMatchObject({ size: 6, below: 6 });
});
