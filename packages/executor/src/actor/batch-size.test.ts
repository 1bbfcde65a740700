import { describe, expect, test } from "vitest";
import { afterBatch, afterOutOfMemory, climbingBatchSize, fixedBatchSize, type BatchSize } from "./batch-size.ts";

/** Feeds full batches of a device with a fixed cost per call and per row, and memory for so many rows. */
function run(state: BatchSize, batches: number, { callMs, rowMs, memory = Infinity }: { callMs: (rows: number) => number; rowMs: number; memory?: number }): BatchSize {
  for (let batch = 0; batch < batches; batch++) {
    const rows = state.size;
    state = rows > memory ? afterOutOfMemory(state, rows) : afterBatch(state, { filled: rows, work: rows, ms: callMs(rows) + rows * rowMs });
  }
  return state;
}

describe("an automatic batch size", () => {
  test("climbs while a larger batch pays, and stops where it does not", () => {
    const settled = run(climbingBatchSize(8, 1024), 60, { callMs: () => 10, rowMs: 1 });
    expect(settled.phase).toBe("settled");
    // At 256 rows the call costs 4 % of the time: less than doubling must win.
    expect(settled.size).toBeGreaterThanOrEqual(128);
    expect(settled.size).toBeLessThanOrEqual(512);
  });

  test("steps back when a larger batch is slower", () => {
    const settled = run(climbingBatchSize(8, 1024), 40, { callMs: (rows) => (rows > 32 ? rows * 5 : 10), rowMs: 1 });
    expect(settled).toMatchObject({ phase: "settled", size: 32 });
  });

  test("reaches its ceiling and not more", () => {
    expect(run(climbingBatchSize(8, 100), 60, { callMs: () => 1000, rowMs: 0.01 }).size).toBe(100);
    expect(climbingBatchSize(8, 4).size).toBe(4);
  });

  test("halves when memory runs out, and never goes back there", () => {
    let state = climbingBatchSize(8, 1024);
    let failures = 0;
    for (let batch = 0; batch < 200; batch++) {
      const before = state.size;
      state = run(state, 1, { callMs: () => 100, rowMs: 0.01, memory: 50 });
      if (before > 50) failures++;
    }
    expect(failures).toBe(1);
    expect(state).toMatchObject({ size: 32, ceiling: 64, phase: "settled" });
  });

  test("halves when what it had settled on becomes far slower", () => {
    const settled = run(climbingBatchSize(8, 64), 60, { callMs: () => 100, rowMs: 0.1 });
    expect(settled.size).toBe(64);
    expect(run(settled, 8, { callMs: () => 1000, rowMs: 0.1 }).size).toBe(32);
  });

  test("comes back up when smaller batches are slower still", () => {
    const settled = run(climbingBatchSize(8, 64), 60, { callMs: () => 100, rowMs: 0.1 });
    expect(run(settled, 40, { callMs: () => 1000, rowMs: 0.1 }).size).toBe(64);
  });

  test("tries a larger one again, ever more rarely", () => {
    // An early slowness that had nothing to do with the size.
    let state = run(climbingBatchSize(8, 1024), 3, { callMs: () => 10, rowMs: 0 });
    state = run(state, 3, { callMs: () => 1000, rowMs: 0 });
    expect(state).toMatchObject({ phase: "settled", size: 8 });
    expect(run(state, 100, { callMs: () => 10, rowMs: 0 }).size).toBe(1024);
    let probes = 0;
    for (let batch = 0; batch < 3000; batch++) {
      const after = run(state, 1, { callMs: () => 0, rowMs: 1 });
      if (after.size > state.size && state.phase === "settled") probes++;
      state = after;
    }
    expect(state.size).toBe(8);
    expect(probes).toBe(3);
  });

  test("climbs on where a batch is too short to measure", () => {
    expect(run(climbingBatchSize(8, 1024), 8, { callMs: () => 0, rowMs: 0.0001 })).toMatchObject({ size: 1024, phase: "settled" });
  });

  test("learns nothing from the short batch at a block's end", () => {
    const state = climbingBatchSize(8, 1024);
    expect(afterBatch(state, { filled: 3, work: 3, ms: 1 })).toBe(state);
  });

  test("of a fixed size changes only when memory runs out", () => {
    const state = fixedBatchSize(32);
    expect(run(state, 100, { callMs: () => 1, rowMs: 1 })).toBe(state);
    expect(afterOutOfMemory(state, 32)).toMatchObject({ size: 16, ceiling: 32, phase: "fixed" });
    expect(afterOutOfMemory(fixedBatchSize(1), 1).size).toBe(1);
  });
});
