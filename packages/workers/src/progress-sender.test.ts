import type { ActorProgress } from "@shoal/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { progressDelayMs, progressSender } from "./progress-sender.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let ticks = 0;
const on = (first: number): ActorProgress => ({ phase: "predict", rows: [first, first + 7], ticks: ++ticks });

function listen(mayBlock: boolean): { report: (progress: ActorProgress) => void; told: ActorProgress[] } {
  const told: ActorProgress[] = [];
  return { report: progressSender((progress) => told.push(progress), mayBlock), told };
}

test("each batch is told at once where code of others may block the thread", () => {
  const { report, told } = listen(true);
  const batches = [on(0), on(8), on(16)];
  for (const batch of batches) report(batch);
  expect(told).toEqual(batches);
});

test("so are batches that take their time", () => {
  const { report, told } = listen(false);
  const batches = [on(0), on(8), on(16)];
  for (const batch of batches) {
    report(batch);
    vi.advanceTimersByTime(progressDelayMs);
  }
  expect(told).toEqual(batches);
});

test("quick ones share a message, which names no rows", () => {
  const { report, told } = listen(false);
  for (let at = 0; at < 50; at++) {
    report(on(8 * at));
    vi.advanceTimersByTime(10);
  }
  expect(told[0]?.rows).toEqual([0, 7]);
  // From the moment at which another than the named one began.
  expect(told.slice(1).every(({ phase, rows }) => phase === "predict" && rows === undefined)).toBe(true);
  expect(told.length).toBeLessThan(13);
});

test("the first that takes longer is named", () => {
  const { report, told } = listen(false);
  for (let at = 0; at < 10; at++) {
    report(on(8 * at));
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(2 * progressDelayMs);
  expect(told.at(-1)?.rows).toEqual([72, 79]);
  const before = told.length;
  vi.advanceTimersByTime(10 * progressDelayMs);
  expect(told).toHaveLength(before);
});

test("the end of work is told a little later, and once", () => {
  const { report, told } = listen(false);
  report(on(0));
  report({ phase: "idle", ticks: ++ticks });
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(progressDelayMs);
  expect(told.map(({ phase }) => phase)).toEqual(["predict", "idle"]);
});
