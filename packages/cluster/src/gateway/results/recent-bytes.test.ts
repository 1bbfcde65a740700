import { expect, test } from "vitest";
import { RecentBytes } from "./recent-bytes.ts";

test("recent bytes are as many as fit, and the oldest go", () => {
  const recent = new RecentBytes(10);
  for (const name of ["a", "b", "c"]) recent.add(name, new Uint8Array(4));
  expect(["a", "c", "c", "b"].map((name) => recent.take(name)?.byteLength)).toEqual([undefined, 4, undefined, 4]);
  // Two blocks may have the same result.
  for (let times = 0; times < 2; times++) recent.add("b", new Uint8Array(4));
  expect([recent.take("b"), recent.take("b"), recent.take("b")].map((bytes) => bytes?.byteLength)).toEqual([4, 4, undefined]);
  recent.add("large", new Uint8Array(11));
  expect(recent.take("large")).toBeUndefined();
});
