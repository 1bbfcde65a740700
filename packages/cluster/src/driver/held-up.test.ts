import { expect, test } from "vitest";
import { HeldUp } from "./held-up.ts";

test("a block that others wait for is told of after 15 seconds, and again for as long as it lasts", () => {
  const heldUp = new HeldUp();
  const told: string[] = [];
  for (let second = 0; second <= 130; second++) {
    const sentence = heldUp.look(205, () => second, second * 1000);
    if (sentence !== undefined) told.push(sentence);
  }
  expect(told).toEqual([15, 30, 60, 120].map((second) => `waiting for block 205, which has been under way for ${second < 60 ? `${second}.0 s` : `${second / 60} min 0 s`}; ${second} blocks behind it are done`));
  expect(heldUp.look(206, () => 3, 131_000)).toBeUndefined();
  expect(heldUp.look(206, () => 1, 146_000)).toMatch(/block 206.* 1 block behind it is done/);
});

test("one that nobody waits for is not worth a word", () => {
  const heldUp = new HeldUp();
  heldUp.look(1, () => 0, 0);
  expect(heldUp.look(1, () => 0, 60_000)).toBeUndefined();
});

test("time in which all who could do it are at other jobs is not its own, and nothing is said of it meanwhile", () => {
  const heldUp = new HeldUp();
  const told: string[] = [];
  for (let second = 0; second <= 85; second++) {
    const sentence = heldUp.look(57, () => 2, second * 1000, second > 10 && second <= 75);
    if (sentence !== undefined) told.push(`${second}: ${sentence}`);
  }
  expect(told).toEqual(["80: waiting for block 57, which has been under way for 15.0 s; 2 blocks behind it are done"]);
});
