import { blockFromRows, ShoalError, type BlockResult } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { afterLoss, failedResult, lossOf, mergeResults, type LossReport, type Piece } from "./retry.ts";

const block = (rows: number, from = 0) => blockFromRows(Array.from({ length: rows }, (_, n) => ({ n: from + n })));
const piece = (rows: number, change: Partial<Piece> = {}): Piece => ({ block: block(rows), first: 0, losses: 0, alone: false, ...change });
const report = (change: Partial<LossReport> = {}): LossReport => ({ loss: "worker-lost", error: new ShoalError("worker-lost", "exit code 134", { failure: "worker-lost" }), blamed: true, ...change });
const policy = { maxAttempts: 4, splits: true };

describe("after the loss of an actor", () => {
  test("a block is tried again, alone, and split after maxAttempts", () => {
    const first = afterLoss(piece(8), report(), policy);
    expect(first).toMatchObject({ again: [{ losses: 1, alone: true }], failures: [] });
    const last = afterLoss(piece(8, { losses: 3, alone: true }), report(), policy);
    expect(last.again.map(({ first, block: { rows }, losses }) => [first, rows, losses])).toEqual([[0, 4, 4], [4, 4, 4]]);
  });

  test("the batch that was on the device is set apart", () => {
    const { again } = afterLoss(piece(10, { losses: 3, first: 20 }), report({ batch: [4, 5] }), policy);
    expect(again.map(({ first, block: { rows } }) => [first, rows])).toEqual([[20, 4], [24, 2], [26, 4]]);
  });

  test("a row that did it alone has failed", () => {
    const { again, failures } = afterLoss(piece(1, { losses: 7, first: 5 }), report(), policy);
    expect(again).toEqual([]);
    expect(failures).toMatchObject([{ row: 0, attempts: 8, error: { code: "worker-lost", failure: "worker-lost" } }]);
  });

  test("a hang is narrowed down at once, and a bystander of it is not counted", () => {
    expect(afterLoss(piece(8), report({ loss: "timeout" }), policy).again).toHaveLength(2);
    expect(afterLoss(piece(8), report({ loss: "timeout", blamed: false }), policy).again).toMatchObject([{ losses: 0, alone: false }]);
  });

  test("a block of which nobody knows whether it was to blame is tried alone, however often", () => {
    expect(afterLoss(piece(8, { losses: 9 }), report({ blamed: false }), policy)).toMatchObject({ again: [{ losses: 10, alone: true }], failures: [] });
  });

  test("what may not be split fails whole, with one error", () => {
    const { failures } = afterLoss(piece(3, { losses: 3 }), report(), { maxAttempts: 4, splits: false });
    expect(failures.map((failure) => failure.row)).toEqual([0, 1, 2]);
    expect(new Set(failures.map((failure) => failure.error)).size).toBe(1);
  });
});

test("the parts of a block become one result, rows counted from its start", () => {
  const done = (first: number, rows: number): { first: number; result: BlockResult } => ({ first, result: { ...failedResult([]), block: block(rows, first), counts: { tokens: rows } } });
  const failed = { first: 4, result: failedResult([{ row: 0, error: { code: "timeout", message: "slow" }, attempts: 3 }]) };
  const merged = mergeResults(block(10), [failed, done(5, 5), done(0, 4)]);
  expect(Array.from(merged.block.columns["n"]?.values as Float64Array)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
  expect(merged.failures.map((failure) => failure.row)).toEqual([4]);
  expect(merged.counts).toEqual({ tokens: 9 });
});

test("losses are told from failures of rows", () => {
  expect(lossOf(new ShoalError("worker-lost", "gone"))).toBe("worker-lost");
  expect(lossOf(new Error("the device is lost"))).toBe("device-lost");
  expect(lossOf(new TypeError("bad row"))).toBeUndefined();
  expect(lossOf(new Error("out of memory"))).toBeUndefined();
});
