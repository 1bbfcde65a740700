import { expect, test } from "vitest";
import type { Claim } from "./job-notes.ts";
import { mostWaiting, WaitingClaims } from "./waiting-claims.ts";

function claimOf(block: number, number: number): Claim {
  return { task: { job: "job", segment: 0, block, first: 0, rows: 1 }, attempt: { epoch: 1, number }, worker: "w", input: "i", sha256: `${block}.${number}`, rows: 1, failed: 0, about: "a" };
}

test("claims are counted one by one, also those of one block; room that is taken back is used again", () => {
  const waiting = new WaitingClaims();
  for (let number = 0; number < mostWaiting + 10; number++) waiting.add(claimOf(number % 2, number));
  waiting.add(claimOf(7, 0));
  expect([waiting.size, [...waiting].length, waiting.take({ segment: 0, block: 7 })]).toEqual([mostWaiting, mostWaiting, []]);
  expect(waiting.take({ segment: 0, block: 0 })).toHaveLength(mostWaiting / 2);
  waiting.add(claimOf(1, 99_999));
  waiting.add(claimOf(7, 1));
  expect([waiting.size, waiting.take({ segment: 0, block: 7 }), waiting.take({ segment: 0, block: 1 }).at(-1)?.attempt.number]).toEqual([mostWaiting / 2 + 2, [claimOf(7, 1)], 99_999]);
});
