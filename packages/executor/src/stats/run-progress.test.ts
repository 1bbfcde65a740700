import { expect, test } from "vitest";
import type { PhysicalOperator } from "@shoal/planner";
import type { RunEvent } from "./run-event.ts";
import { RunProgress } from "./run-progress.ts";
import { PoolRecorder, StageRecorder } from "./stage-recorder.ts";
import { failedResult } from "../pool/retry.ts";
import { tellRowsPassed } from "../resume/rows-passed.ts";

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

test("no time left is told while nothing moves for longer than usual, nor while all who would do it are at other jobs", async () => {
  let now = 0;
  const clock = { now: () => now };
  const scan = new StageRecorder(0, "read", "scan", clock);
  const score = new StageRecorder(1, "score", "actor-pool", clock);
  score.inputs = [scan];
  let atOtherJobs = 0;
  score.progress = () => ({ actors: 1, actorsBusy: 1 - atOtherJobs, actorsAtOtherJobs: atOtherJobs });
  const told = new Map<number, number | undefined>();
  const progress = new RunProgress([scan, score], clock, (event: RunEvent) => {
    if (event.kind === "stage-progress" && event.stage === 1) told.set(now / 1000, event.etaMs === undefined ? undefined : Math.round(event.etaMs / 1000));
  });
  await progress.countRows({ kind: "scan", source: { countRows: async () => 1000 } } as unknown as PhysicalOperator, new AbortController().signal);
  // Ten rows in two seconds, but for a while.
  const until = (second: number, moves: boolean): void => {
    for (; now <= second * 1000; now += 1000) {
      if (moves && now % 2000 === 0) scan.rowsOut = score.rowsOut += 10;
      progress.moved();
    }
  };
  until(20, true);
  until(60, false);
  const since = [...told].find(([second, left]) => second > 10 && left === undefined)?.[0] ?? 0;
  expect(since).toBeGreaterThan(22);
  expect(since).toBeLessThan(30);
  expect([...told].filter(([second]) => second >= since).every(([, left]) => left === undefined)).toBe(true);
  until(70, true);
  expect(told.get(70)).toBeGreaterThan(0);
  atOtherJobs = 1;
  until(71, true);
  expect(told.get(71)).toBeUndefined();
  atOtherJobs = 0;
  until(72, true);
  expect(told.get(72)).toBeGreaterThan(0);
});

const result = (rows: number) => ({ ...failedResult([]), block: { rows, columns: {}, lineage: [] } });

/** A scan of 100 rows, a step after it that makes two of each where it doubles, and a pool. */
function stages(doubles: boolean): { readonly scan: StageRecorder; readonly step: StageRecorder; readonly score: StageRecorder; readonly pool: PoolRecorder; readonly told: (ms: number) => Promise<Extract<RunEvent, { kind: "stage-progress" }>[]> } {
  let now = 0;
  const clock = { now: () => now };
  const scan = new StageRecorder(0, "read", "scan", clock);
  const step = new StageRecorder(1, "step", "row-functions", clock);
  const score = new StageRecorder(2, "score", "actor-pool", clock);
  [step.inputs, score.inputs] = [[scan], [step]];
  [scan.keepsRows, step.keepsRows, score.keepsRows] = [true, !doubles, true];
  const pool = (score.pool = new PoolRecorder(clock));
  for (const each of [scan, step, score]) each.start();
  const events: Extract<RunEvent, { kind: "stage-progress" }>[] = [];
  const progress = new RunProgress([scan, step, score], clock, (event) => event.kind === "stage-progress" && events.push(event));
  const counted = progress.countRows({ kind: "scan", source: { countRows: async () => 100 } } as unknown as PhysicalOperator, new AbortController().signal);
  progress.moved();
  return { scan, step, score, pool, told: async (ms) => {
    await counted;
    now = ms;
    events.length = 0;
    progress.last();
    return events;
  } };
}

test("rows of a pool are done when an actor has done them, though they wait for their turn", async () => {
  const { scan, step, score, pool, told } = stages(false);
  scan.rowsOut = step.rowsOut = 60;
  pool.add(result(40));
  score.rowsOut = 8;
  expect((await told(10_000))[2]).toMatchObject({ rowsOut: 8, rowsDone: 40, rowsExpected: 100, rowsPerSecond: 4, etaMs: 15_000 });
});

test("what is expected of a stage after one that makes more rows is an estimate, and is said to be one", async () => {
  const { scan, step, told } = stages(true);
  [scan.rowsOut, step.rowsOut] = [10, 20];
  const [read, doubled, scored] = await told(1000);
  expect(read).toMatchObject({ rowsExpected: 100 });
  expect(read?.isEstimate).toBeUndefined();
  expect([doubled, scored]).toMatchObject([{ rowsExpected: 200, isEstimate: true }, { rowsExpected: 200, isEstimate: true }]);
});

test("a pool can be told how many rows it will be given: counted, or reckoned by what was made of them so far", async () => {
  const clock = { now: () => 0 };
  const intoPool = async (doubles: boolean, count: object, readBefore = 0) => {
    const scan = new StageRecorder(0, "read", "scan", clock);
    const step = new StageRecorder(1, "step", "row-functions", clock);
    const score = new StageRecorder(2, "score", "actor-pool", clock);
    [step.inputs, score.inputs] = [[scan], [step]];
    [scan.keepsRows, step.keepsRows] = [true, !doubles];
    const progress = new RunProgress([scan, step, score], clock, () => {});
    const before = progress.expectedInto(score);
    await progress.countRows({ kind: "scan", source: count } as unknown as PhysicalOperator, new AbortController().signal, readBefore);
    const counted = progress.expectedInto(score);
    [scan.rowsOut, step.rowsOut] = [10, 20];
    Object.assign(scan.read, { rows: 10, bytes: 100 });
    return [before, counted, progress.expectedInto(score)];
  };
  const exactly = { rows: 100, isEstimate: false };
  expect(await intoPool(false, { countRows: async () => 100 })).toEqual([undefined, exactly, exactly]);
  expect(await intoPool(true, { countRows: async () => 100 })).toEqual([undefined, undefined, { rows: 200, isEstimate: true }]);
  expect(await intoPool(true, { countBytes: async () => 5000 })).toEqual([undefined, undefined, { rows: 1000, isEstimate: true }]);
  // What an earlier run has read, this one is not given.
  expect((await intoPool(false, { countRows: async () => 100 }, 30)).at(-1)).toEqual({ rows: 70, isEstimate: false });
});

test("rows that an earlier run had done and this one is given are done from the start, and no part of its pace", async () => {
  const { scan, step, score, pool, told } = stages(false);
  pool.rowsBefore = 50;
  scan.rowsOut = step.rowsOut = 70;
  pool.addGiven(30, result(30));
  score.rowsOut = 30;
  // Nothing is known of the pace yet.
  expect((await told(1000))[2]).not.toHaveProperty("etaMs");
  pool.addGiven(20, result(20));
  pool.add(result(10));
  score.rowsOut = 60;
  expect((await told(10_000))[2]).toMatchObject({ rowsIn: 20, rowsOut: 10, rowsDone: 10, rowsBefore: 50, rowsExpected: 100, rowsPerSecond: 1, etaMs: 40_000 });
  expect(score.stats()).toMatchObject({ rowsIn: 20, rowsOut: 10, rowsPerSecond: 1 });
});

test("where a run goes on, each stage knows what it had handed on, as far as the rows stay the same", () => {
  const { scan, step, score } = stages(true);
  tellRowsPassed([scan, step, score], { madeBefore: 40, passedBefore: (at) => (at === 0 ? 20 : undefined) });
  expect([scan, step, score].map(({ rowsBefore }) => rowsBefore)).toEqual([20, 40, 40]);
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
