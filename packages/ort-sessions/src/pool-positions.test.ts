import { expect, it } from "vitest";
import { poolPositions } from "./pool-positions.ts";

const hidden = { type: "float32", shape: [2, 3, 2], data: Float32Array.of(1, 2, 3, 4, 99, 99, 5, 6, 7, 8, 9, 10) } as const;
const pooled = (lengths: readonly number[], by: "mean" | "first" | "last") => [...(poolPositions(hidden, { lengths, by }).data as Float32Array)];

it("makes one vector of a row's first positions", () => {
  expect(poolPositions(hidden, { lengths: [2, 3], by: "mean" })).toEqual({ type: "float32", shape: [2, 2], data: Float32Array.of(2, 3, 7, 8) });
  expect(pooled([2, 3], "first")).toEqual([1, 2, 5, 6]);
  expect(pooled([2, 3], "last")).toEqual([3, 4, 9, 10]);
  expect(pooled([0, 1], "mean")).toEqual([0, 0, 5, 6]);
});

it("takes the mean of any number of positions", () => {
  const positions = 9;
  const data = Float32Array.from({ length: positions * 3 }, (_, at) => at * at);
  for (let length = 1; length <= positions; length++) {
    const means = [0, 1, 2].map((at) => Array.from({ length }, (_, position) => data[position * 3 + at] as number).reduce((sum, value) => sum + value) / length);
    expect(poolPositions({ type: "float32", shape: [1, positions, 3], data }, { lengths: [length], by: "mean" }).data).toEqual(Float32Array.from(means));
  }
});

it("shows what is not a number at a position that counts, and not at one that does not", () => {
  const data = Float32Array.of(1, NaN, 3, 4);
  const mean = (length: number) => [...(poolPositions({ type: "float32", shape: [1, 4, 1], data }, { lengths: [length], by: "mean" }).data as Float32Array)];
  expect([mean(1), mean(2), mean(4)]).toEqual([[1], [NaN], [NaN]]);
});

it("refuses lengths of other rows", () => {
  expect(() => pooled([1], "mean")).toThrow("2 rows were to be pooled by the lengths of 1");
});
