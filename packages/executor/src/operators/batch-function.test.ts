import type { Row } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { numbered, rowsOf, scan, thrown } from "./operator-plans.fixture.ts";

describe("batch functions", () => {
  const batches = (input: PhysicalOperator, run: (batch: never) => unknown, more: Partial<Extract<PhysicalOperator, { kind: "batch-function" }>> = {}): PhysicalOperator =>
    ({ kind: "batch-function", input, step: { name: "g", run: run as never }, batchSize: 4, batchFormat: "columns", ...more });

  test("get exact batches, and may give a promise or a generator", async () => {
    const seen: number[] = [];
    const doubled = (batch: { n: Float64Array }): { n: Float64Array } => {
      seen.push(batch.n.length);
      return { n: batch.n.map((n) => 2 * n) };
    };
    const recut: PhysicalOperator = { kind: "recut", input: scan(...numbered(10, 3)), multipleOf: 4, firstRows: 4, maxRows: 8 };
    const wanted = Array.from({ length: 10 }, (_, n) => 2 * n);
    expect((await rowsOf(batches(recut, doubled))).map((row) => row["n"])).toEqual(wanted);
    expect(seen).toEqual([4, 4, 2]);
    expect((await rowsOf(batches(recut, async (batch) => doubled(batch)))).map((row) => row["n"])).toEqual(wanted);
    expect((await rowsOf(batches(recut, function* (batch) {
      yield doubled(batch);
      yield doubled(batch);
    }))).length).toBe(20);
    expect(await rowsOf(batches(recut, (rows: Row[]) => rows.filter((row) => row["n"] === 5), { batchFormat: "rows" }))).toEqual([{ n: 5 }]);
  });

  test("fail as a batch", async () => {
    const failing = (batch: { n: Float64Array }): unknown => {
      if (batch.n.includes(5)) throw new Error("five");
      return batch;
    };
    expect((await thrown(rowsOf(batches(scan(...numbered(12, 12)), failing)))).message).toMatch(/mapBatches\(g\) failed at memory, rows 5 to 8 \(4 rows that failed as one batch, the first of them \{"n":4\}\): five/);
    expect((await thrown(rowsOf(batches(scan(...numbered(12, 12)), failing, { batchSize: 1 })))).message).toMatch(/mapBatches\(g\) failed at memory, row 6, \{"n":5\}: five/);
    expect((await rowsOf(batches(scan(...numbered(12, 12)), failing, { onError: "skip" }))).map((row) => row["n"])).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
  });
});
