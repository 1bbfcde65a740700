import { blockFromRows, ShoalError, type BlockResult } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { afterLoss, failedResult, lossOf, mergeResults, type LossReport, type Piece } from "./retry.ts";

const block = (rows: number, from = 0) => blockFromRows(Array.from({ length: rows }, (_, n) => ({ n: from + n })));
const piece = (rows: number, change: Partial<Piece> = {}): Piece => ({ block: block(rows), first: 0, losses: 0, alone: false, ...change });
const report = (change: Partial<LossReport> = {}): LossReport => ({ loss: "worker-lost", error: new ShoalError("worker-lost", "exit code 134", { failure: "worker-lost" }), blamed: true, ...change });
const policy = { maxAttempts: 4, splits: true };

describe("after the loss of an actor", () => {
  const deaths = (rows: number, guilty: number, batchRows: number): { deaths: number; attempts: number } => {
    let [lost, attempts] = [0, 0];
    const queue: Piece[] = [piece(rows)];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const at = guilty - next.first;
      if (at < 0 || at >= next.block.rows) continue;
      lost++;
      const start = at - (at % batchRows);
      const fate = afterLoss(next, report({ batch: [start, Math.min(next.block.rows, start + batchRows) - 1] }), policy);
      queue.push(...fate.again);
      for (const failure of fate.failures) {
        expect(failure.row + next.first).toBe(guilty);
        ({ attempts } = failure);
      }
    }
    return { deaths: lost, attempts };
  };

  test.each([[200, 8], [200, 1], [1024, 64], [7, 7], [1000, 1000]])("a guilty row of %i in batches of %i is found with four deaths, each an attempt of its own", (rows, batchRows) => {
    for (const guilty of [0, Math.floor(rows / 3), rows - 1]) {
      const found = deaths(rows, guilty, batchRows);
      expect(found.deaths).toBeLessThanOrEqual(4);
      expect(found.attempts).toBe(found.deaths);
    }
  });

  test("the batch that was on the device is set apart and halved, the others were not tried", () => {
    const { again } = afterLoss(piece(20, { first: 20 }), report({ batch: [4, 11] }), policy);
    expect(again.map(({ first, block: { rows }, losses, alone }) => [first, rows, losses, alone])).toEqual([[20, 4, 0, false], [24, 4, 1, true], [28, 4, 1, true], [32, 8, 0, false]]);
  });

  test("one row is tried again until its attempts are used up", () => {
    expect(afterLoss(piece(1), report(), policy)).toMatchObject({ again: [{ losses: 1, alone: true }], failures: [] });
    const { again, failures } = afterLoss(piece(1, { losses: 3, first: 5 }), report(), policy);
    expect(again).toEqual([]);
    expect(failures).toMatchObject([{ row: 0, attempts: 4, error: { code: "worker-lost", failure: "worker-lost" } }]);
  });

  test("a hang is narrowed down at once, and a bystander of it is not counted", () => {
    expect(afterLoss(piece(8), report({ loss: "timeout" }), policy).again).toHaveLength(2);
    expect(afterLoss(piece(1), report({ loss: "timeout" }), policy)).toMatchObject({ again: [], failures: [{ attempts: 1 }] });
    expect(afterLoss(piece(8), report({ loss: "timeout", blamed: false }), policy).again).toMatchObject([{ losses: 0, alone: false }]);
  });

  test("nothing is given up while another block may have been the cause", () => {
    expect(afterLoss(piece(8, { losses: 9 }), report({ blamed: false }), policy)).toMatchObject({ again: [{ losses: 9, alone: true }], failures: [] });
    expect(afterLoss(piece(1, { losses: 9 }), report({ certain: false }), policy)).toMatchObject({ again: [{ losses: 10, alone: true }], failures: [] });
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
