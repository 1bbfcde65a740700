import { expect, test } from "vitest";
import { WorkMeter } from "./work-meter.ts";

test("a rate lasts from one block to the next, and what was begun anew is taken back", () => {
  const meter = new WorkMeter();
  meter.restart(0);
  for (const now of [30_000, 60_000]) {
    meter.blockDone(600);
    meter.rowsPerSecond(now, 0);
  }
  expect(meter.rowsPerSecond(75_000, 0)).toBeCloseTo(20);
  expect(meter.rowsPerSecond(90_000, 600)).toBeCloseTo(20);
  expect(meter.rowsPerSecond(91_000, 0)).toBeLessThan(20);
});

test("time without work is not counted", () => {
  const meter = new WorkMeter();
  meter.restart(0);
  meter.blockDone(100);
  meter.rowsPerSecond(10_000, 0);
  meter.restart(100_000);
  meter.blockDone(100);
  expect(meter.rowsPerSecond(110_000, 0)).toBeCloseTo(10);
});

test("what came to nothing is not among the rows that were done, and was work all the same", () => {
  const meter = new WorkMeter();
  meter.restart(0);
  meter.blockDone(100);
  meter.rowsPerSecond(10_000, 0);
  meter.blockDone(100);
  meter.blockInVain(100);
  expect(meter).toMatchObject({ rows: 100, blocks: 1 });
  expect(meter.rowsPerSecond(20_000, 0)).toBeCloseTo(10);
});
