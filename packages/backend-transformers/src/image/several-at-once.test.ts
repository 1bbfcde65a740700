import { expect, test } from "vitest";
import { severalAtOnce } from "./several-at-once.ts";

interface Call {
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that end when they are told to. */
function heldCalls() {
  const calls: Call[] = [];
  return { calls, make: () => new Promise<string>((resolve, reject) => calls.push({ resolve, reject })) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("no more than so many at once, and the results in order", async () => {
  const { calls, make } = heldCalls();
  const all = severalAtOnce(4, 2, make);
  expect(calls).toHaveLength(2);
  calls[1]?.resolve("b");
  await turn();
  expect(calls).toHaveLength(3);
  calls[2]?.resolve("c");
  await turn();
  calls[3]?.resolve("d");
  calls[0]?.resolve("a");
  expect(await all).toEqual(["a", "b", "c", "d"]);
});

test("of several that fail the first in order counts, and no others are begun", async () => {
  const { calls, make } = heldCalls();
  const all = severalAtOnce(9, 3, make);
  calls[2]?.reject(new Error("third"));
  calls[1]?.reject(new Error("second"));
  calls[0]?.resolve("a");
  await expect(all).rejects.toThrow("second");
  expect(calls).toHaveLength(3);
});
