import { expect, test } from "vitest";
import { choiceKept, keptChoice } from "./lapsing-choice.ts";

test("a choice is kept for ever, or until its time is over", () => {
  const choice = '{"device":"cpu"}';
  expect(choiceKept(keptChoice(choice, undefined))).toBe(choice);
  const kept = keptChoice(choice, 1000, 5000);
  expect([5999, 6000].map((now) => choiceKept(kept, now))).toEqual([choice, undefined]);
  expect(choiceKept(undefined)).toBeUndefined();
});
