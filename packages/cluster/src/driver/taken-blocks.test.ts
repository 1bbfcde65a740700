import { expect, test } from "vitest";
import { TakenBlocks } from "./taken-blocks.ts";

test("blocks are told as runs, each once", () => {
  const taken = new TakenBlocks();
  expect(taken.next()).toBeUndefined();
  for (const block of [0, 1, 2, 5, 3, 4, 6]) taken.add(block);
  expect(taken.next()).toEqual([[0, 3], [5, 1], [3, 2], [6, 1]]);
  expect(taken.next()).toBeUndefined();
  taken.add(7);
  expect(taken.next()).toEqual([[7, 1]]);
});

test("a new connection is told of all that was offered and is not held", () => {
  const taken = new TakenBlocks();
  taken.add(3);
  taken.again(10, [2, 3, 7, 12]);
  expect(taken.next()).toEqual([[0, 2], [4, 3], [8, 2]]);
  taken.again(3, [0, 1, 2, 3]);
  expect(taken.next()).toBeUndefined();
  taken.again(4, []);
  expect(taken.next()).toEqual([[0, 4]]);
});

test("more runs than a message holds are told one message after the other", () => {
  const taken = new TakenBlocks();
  for (let block = 0; block < 10_000; block += 2) taken.add(block);
  expect(taken.next()).toHaveLength(4_096);
  expect(taken.next()).toHaveLength(904);
  expect(taken.next()).toBeUndefined();
});
