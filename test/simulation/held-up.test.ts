import { expect, test } from "vitest";
import { heldUp, type TabTrouble } from "./held-up.ts";

const seeds = [1, 2, 3, 4, 5];
const blocks = 600;

/** Over all seeds: the longest wait, and duplicates of one run. */
function worst(trouble: TabTrouble): { readonly longestMs: number; readonly duplicates: number; readonly simulatedMs: number } {
  const all = seeds.map((seed) => heldUp(trouble, seed, { blocks }));
  const most = (of: (one: (typeof all)[number]) => number): number => Math.max(...all.map(of));
  const found = { longestMs: most(({ longestMs }) => longestMs), duplicates: most(({ duplicates }) => duplicates), simulatedMs: most(({ simulatedMs }) => simulatedMs) };
  console.log(`a tab that ${trouble}: ${(found.longestMs / 1000).toFixed(1)} s without a row at most, ${found.duplicates} duplicates, ${Math.round(found.simulatedMs / 1000)} s`);
  return found;
}

// A block takes a machine a second, and the tab six. Time is simulated.
test("where nothing goes wrong nothing is run twice, and rows wait for the slowest block at most", () => {
  expect(worst("none")).toMatchObject({ duplicates: 0 });
  expect(worst("none").longestMs).toBeLessThan(6_000);
});

test.each(["leaves", "reloads"] as const)("what a tab had that %s is done by others before anything else", (trouble) => {
  const { longestMs, duplicates } = worst(trouble);
  expect(duplicates).toBe(0);
  expect(longestMs).toBeLessThan(6_000);
});

test.each([["freezes", 12_000], ["slows", 25_000]] as const)("what a tab has that %s is done by others too, once it is far late", (trouble, mostMs) => {
  const { longestMs, duplicates } = worst(trouble);
  expect(longestMs).toBeLessThan(mostMs);
  expect(duplicates).toBeLessThan(blocks / 50);
});
