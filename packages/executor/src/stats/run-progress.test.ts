import { expect, test } from "vitest";
import type { PhysicalOperator } from "@shoal/planner";
import type { RunEvent } from "./run-event.ts";
import { RunProgress } from "./run-progress.ts";
import { StageRecorder } from "./stage-recorder.ts";

test("the time left runs down between blocks, and does not jump when one is done", async () => {
  let now = 0;
  const clock = { now: () => now };
  const scan = new StageRecorder(0, "read", "scan", clock);
  const map = new StageRecorder(1, "map", "row-functions", clock);
  map.inputs = [scan];
  const left: number[] = [];
  const progress = new RunProgress([scan, map], clock, (event: RunEvent) => {
    if (event.kind === "stage-progress" && event.stage === 1 && event.etaMs !== undefined) left.push(Math.round(event.etaMs / 1000));
  });
  await progress.countRows({ kind: "scan", source: { countRows: async () => 100 } } as unknown as PhysicalOperator, new AbortController().signal);
  progress.moved();
  // A block of 10 rows every 10 s; something else moves every 2 s.
  for (now = 2000; now <= 100_000; now += 2000) {
    if (now % 10_000 === 0) scan.rowsOut = map.rowsOut = now / 1000;
    progress.moved();
  }
  expect(left.slice(0, 8)).toEqual([90, 88, 86, 84, 82, 80, 78, 76]);
  expect(left.at(-1)).toBe(0);
  const steps = left.slice(1).map((each, at) => (left[at] as number) - each);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
});

test("where sources know their bytes alone, what was read of them so far tells how much is left", async () => {
  let now = 0;
  const clock = { now: () => now };
  const scan = new StageRecorder(0, "read", "scan", clock);
  const map = new StageRecorder(1, "map", "row-functions", clock);
  map.inputs = [scan];
  const events: RunEvent[] = [];
  const progress = new RunProgress([scan, map], clock, (event) => events.push(event));
  const plan = (limit?: number) => ({ kind: "scan", source: { countBytes: async () => 1000 }, ...(limit !== undefined && { limit }) }) as unknown as PhysicalOperator;
  const done = (): number | undefined => (events.at(-1) as { done?: number }).done;
  await progress.countRows(plan(), new AbortController().signal);
  progress.last();
  expect(done(), "nothing was read").toBeUndefined();
  // 10 rows are 100 bytes, so that there are some 100; half of the ten have passed.
  Object.assign(scan.read, { rows: 10, bytes: 100 });
  scan.rowsOut = 10;
  map.rowsOut = 5;
  now = 1000;
  progress.last();
  expect(events.at(-1)).toMatchObject({ done: 0.05 });
  // Of longer rows there are fewer.
  Object.assign(scan.read, { rows: 20, bytes: 400 });
  scan.rowsOut = map.rowsOut = 20;
  progress.last();
  expect(done()).toBe(0.4);
  expect(events.map(({ kind }) => kind)).not.toContain("total-rows");
  await progress.countRows(plan(40), new AbortController().signal);
  progress.last();
  expect(done(), "a limit ends the run sooner").toBe(0.5);
  await progress.countRows(plan(), new AbortController().signal, 10);
  progress.last();
  expect(done(), "rows of an earlier run are not this one's").toBe(0.5);
});
