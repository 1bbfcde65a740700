import { expect, test } from "vitest";
import { Heap } from "./heap.ts";

test("the least comes first, and of equal ones the one that came first", () => {
  const heap = new Heap<readonly [number, string]>((a, b) => a[0] < b[0]);
  for (const item of [[3, "a"], [1, "b"], [2, "c"], [1, "d"], [3, "e"], [1, "f"]] as const) heap.push(item);
  expect(heap.size).toBe(6);
  expect(Array.from({ length: 7 }, () => heap.pop()?.[1])).toEqual(["b", "d", "f", "c", "a", "e", undefined]);
});
