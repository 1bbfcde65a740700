import { describe, expect, test } from "vitest";
import { lpBound } from "./lp-bound.ts";
import { makespan } from "./makespan.ts";

const report = (size: number, seed: number, { sizeKnown = true, inOrder = false } = {}): number => {
  const began = performance.now();
  const { ratio, boundMs, simulatedMs, events, leases, duplicates, mostOpen } = makespan(size, seed, { sizeKnown, inOrder });
  console.log(`${size} workers${sizeKnown ? "" : ", size unknown"}${inOrder ? ", in order" : ""}: ${ratio.toFixed(4)} of the bound (${Math.round(boundMs)} of ${Math.round(simulatedMs)} ms), ${events} events, ${leases} leases, ${duplicates} duplicates, ${mostOpen} blocks open at most, in ${Math.round(performance.now() - began)} ms`);
  return ratio;
};

describe("a job takes hardly longer than the best schedule there is", () => {
  test.each([10, 100])("on %i workers of speeds 1:100", (workers) => {
    expect(report(workers, 1)).toBeGreaterThanOrEqual(0.95);
  }, 120_000);

  test("where the input does not know its size", () => {
    expect(report(10, 1, { sizeKnown: false })).toBeGreaterThanOrEqual(0.8);
    expect(report(100, 1, { sizeKnown: false })).toBeGreaterThanOrEqual(0.8);
  });

  // A block takes the slowest two minutes: rows behind it fill the window in less.
  test.each([10, 100])("on %i workers, for a driver that keeps no more than its window behind a block that is not done", (workers) => {
    expect(report(workers, 1, { inOrder: true })).toBeGreaterThanOrEqual(0.95);
  }, 120_000);

  // SHOAL_LARGE_FLEET=1: 1,000 workers take some ten seconds, 10,000 some minutes and 4 GB.
  test.runIf(process.env["SHOAL_LARGE_FLEET"]).each([1000, 10_000])("on %i workers of speeds 1:100", (workers) => {
    expect(report(workers, 1)).toBeGreaterThanOrEqual(0.95);
  }, 1_800_000);
});

test("the bound is that of a fleet that wastes nothing", () => {
  expect(lpBound(10, [{ setupMs: 0, perBlockMs: 10 }])).toBe(100);
  expect(lpBound(10, [{ setupMs: 0, perBlockMs: 10 }, { setupMs: 20, perBlockMs: 10 }])).toBe(60);
  expect(lpBound(1, [{ setupMs: 0, perBlockMs: 10 }, { setupMs: 20, perBlockMs: 1 }])).toBe(10);
});
