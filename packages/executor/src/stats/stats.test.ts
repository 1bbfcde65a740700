import type { BlockResult } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { nameBottleneck } from "./bottleneck.ts";
import { formatStats } from "./format-stats.ts";
import type { PoolStats, RunStats, StageStats } from "./run-stats.ts";
import { PoolRecorder } from "./stage-recorder.ts";
import { failedResult } from "../pool/retry.ts";

const stage = (name: string, change: Partial<StageStats> = {}): StageStats => ({
  stage: 0, name, kind: "row-functions", rowsIn: 1000, rowsOut: 1000, blocks: 4, wallMs: 1000, busyMs: 10, waitMs: 0, rowsPerSecond: 1000, skipped: 0, nulled: 0, deadLettered: 0, filtered: 0, ...change,
});
const pool = (change: Partial<PoolStats> = {}): PoolStats => ({
  actors: 2, device: "cpu", preprocessMs: 100, predictMs: 1000, postprocessMs: 10, loadMs: 100, batches: 40, failedBatches: 0, batchRows: { min: 8, median: 32, max: 64 },
  counts: {}, retries: 0, lostActors: 0, collapsedRows: 0, peakHeldBytes: 0, utilisation: 0.5, ...change,
});

describe("the bottleneck, and what to change", () => {
  const said = (stages: StageStats[], consumerMs = 0): string => nameBottleneck(stages, 1000, consumerMs);
  const score = (change: Partial<PoolStats>): StageStats => stage("score", { kind: "actor-pool", pool: pool(change) });

  test.each<[string, StageStats[], number, RegExp]>([
    ["the device", [score({ utilisation: 0.95 })], 0, /^score was the bottleneck \(its 2 actors were predicting 95 % of the time after loading\): use a GPU/],
    ["padding", [score({ utilisation: 0.95, paddingEfficiency: 0.3 })], 0, /70 % of its tokens were padding: .*maxBatchCost/],
    ["loading", [score({ loadMs: 1600 })], 0, /^Loading score took 80 % of the run/],
    ["waiting for a worker", [score({ startMs: 900, workers: [{ worker: "one", rows: 10 }] })], 0, /^Most of the time went into waiting for a worker \(900 ms of 1\.0 s\)/],
    ["starting", [score({ startMs: 900, utilisation: 0.01, preprocessMs: 30, predictMs: 3 })], 0, /^Most of the time went into starting actors and loading the model \(900 ms of 1\.0 s\): with more rows/],
    ["reading images", [stage("read images (1,000 files)", { kind: "scan", busyMs: 800 }), score({ utilisation: 0.1 })], 0, /^Reading was the slowest: read images .* took 80 % .*only their paths .*actors decode them/],
    ["preparing", [score({ preprocessMs: 1800, utilisation: 0.4 })], 0, /^Preparing rows for score took longer than predicting them \(1\.8 s and 1\.0 s/],
    ["reading", [stage("read a.jsonl", { kind: "scan", busyMs: 800 }), score({ utilisation: 0.1 })], 0, /^Reading was the slowest: read a.jsonl took 80 %/],
    ["a source that waits before its first rows", [stage("read rows", { kind: "scan", busyMs: 970, rowsIn: 3 }), { ...score({ startMs: 980, preprocessMs: 42, predictMs: 3, utilisation: 0 }), rowsIn: 3 }], 0, /^Most of the time went into reading the first rows \(970 ms\) and, in part meanwhile, .* done after 980 ms of 1\.0 s/],
    ["a source that all wait for", [stage("read rows", { kind: "scan", busyMs: 970 }), score({ startMs: 300, preprocessMs: 42, predictMs: 3, utilisation: 0 })], 0, /^Reading was the slowest: read rows took 97 % of the time; make what gives/],
    ["preparing that is nothing beside the rest", [score({ preprocessMs: 42, predictMs: 3, utilisation: 0 })], 0, /^No stage stood out/],
    ["a function", [stage("map(parse)", { busyMs: 600 }), score({ utilisation: 0.1 })], 0, /^map\(parse\) was the slowest \(60 %.*predictor/],
    ["the consumer", [score({ utilisation: 0.1 })], 900, /^Whoever took the rows was the slowest \(90 %/],
    ["nothing", [score({ utilisation: 0.6 })], 0, /^No stage stood out; score was busiest \(its actors were predicting 60 % of the time after loading/],
  ])("%s", (_what, stages, consumerMs, sentence) => {
    expect(said(stages, consumerMs)).toMatch(sentence);
  });
});

test("more workers are advised only where some can come", () => {
  const stages = [stage("score", { kind: "actor-pool", pool: pool({ actors: 1, utilisation: 0.95, workers: [{ worker: "this machine", rows: 10 }] }) })];
  const busy = "score was the bottleneck (its worker was predicting 95 % of the time after loading): ";
  expect(nameBottleneck(stages, 1000, 0)).toBe(`${busy}let more workers help, or use a smaller model.`);
  expect(nameBottleneck(stages, 1000, 0, false)).toBe(`${busy}share it, so that others help (--share), or use a smaller model.`);
  const waited = [stage("score", { kind: "actor-pool", pool: pool({ startMs: 900, workers: [{ worker: "this machine", rows: 10 }] }) })];
  expect(nameBottleneck(waited, 1000, 0, false)).toMatch(/^Most of the time went into starting actors and loading the model/);
});

test("a run of a moment blames nobody", () => {
  const few = stage("map(f)", { rowsIn: 1, rowsOut: 1 });
  expect(nameBottleneck([few], 400, 396)).toBe("The run was over in 400 ms, and starting took most of that: too short to tell what would hold up a longer one.");
  expect(nameBottleneck([few], 40_000, 39_600)).toMatch(/^Whoever took the rows/);
});

test("the report is a table, the pools, and one sentence", () => {
  const stats: RunStats = {
    wallMs: 125_000, rowsOut: 997, rowsPerSecond: 7.976, firstRowMs: 850, consumerMs: 3, failedRows: 3, deadLettered: 1, notices: ["score: 2 of 20 actors fit: 2 CPUs."], bottleneck: "No stage stood out.",
    stages: [stage("read a.jsonl", { kind: "scan" }), stage("score", { kind: "actor-pool", rowsOut: 997, skipped: 2, deadLettered: 1, wallMs: 61_000, pool: pool({ paddingEfficiency: 0.85, retries: 2, lostActors: 1, peakMemoryBytes: 300 * 2 ** 20 }) })],
  };
  expect(formatStats(stats)).toBe(`997 rows in 2 min 5 s (8 rows/s, first row after 850 ms)

stage         rows in  rows out  rows/s       wall   busy  wait
read a.jsonl    1,000     1,000   1,000      1.0 s  10 ms  0 ms
score           1,000       997   1,000  1 min 1 s  10 ms  0 ms  2 skipped, 1 dead-lettered

score
  2 actors on cpu, predicting 50 % of the time after loading, loaded in 50 ms
  40 batches of 8–64 rows, half of the rows in batches of 32 or more; preprocess 100 ms, predict 1.0 s, postprocess 10 ms
  padding efficiency 85 %, peak memory of an actor 300 MiB, 2 blocks tried again, 1 actor lost

note: score: 2 of 20 actors fit: 2 CPUs.
No stage stood out.`);
});

test("where other machines predicted, the report says who did how many rows", () => {
  const recorder = new PoolRecorder({ now: () => 0 });
  const done = (rows: number): BlockResult => ({ ...failedResult([]), block: { rows, columns: {}, lineage: [] } });
  for (const [worker, device, rows] of [["anna", "webgpu", 10], ["box", "cpu", 1200], ["anna", "webgpu", 20]] as const) recorder.addOf(worker, device, done(rows));
  for (let other = 0; other < 8; other++) recorder.addOf(`tab ${other}`, "wasm", done(1));
  const score = stage("score", { kind: "actor-pool", pool: recorder.stats(1000) });
  expect(formatStats({ wallMs: 1000, rowsOut: 1238, rowsPerSecond: 1238, consumerMs: 0, failedRows: 0, deadLettered: 0, notices: [], bottleneck: "", stages: [score] })).toContain(
    "10 workers on webgpu, cpu, wasm; rows by worker: box 1,200, anna 30, tab 0 1, tab 1 1, tab 2 1, tab 3 1, tab 4 1, tab 5 1, 2 others 2");
});

test("where an earlier run had done rows, they are said once, and are no part of a pace", () => {
  const stats: RunStats = { wallMs: 2000, rowsOut: 40, rowsBefore: 60, rowsPerSecond: 20, consumerMs: 0, failedRows: 0, deadLettered: 0, notices: [], bottleneck: "", stages: [stage("score", { kind: "actor-pool", pool: pool({ workers: [] }) })] };
  expect(formatStats(stats)).toMatch(/^40 rows in 2\.0 s \(20 rows\/s\); 60 rows were done before\n/);
  expect(formatStats(stats)).toContain("score\n  no worker had anything to do\n");
});

test("one is said as one", () => {
  const stats: RunStats = { wallMs: 9800, rowsOut: 1, rowsPerSecond: 1 / 9.8, consumerMs: 0, failedRows: 0, deadLettered: 0, notices: [], bottleneck: "", stages: [stage("score", { kind: "actor-pool", pool: pool({ actors: 1, batches: 1, batchRows: { min: 1, median: 1, max: 1 } }) })] };
  expect(formatStats(stats)).toMatch(/^1 row in 9\.8 s \(0\.1 rows\/s\)[^]*1 actor on cpu[^]*1 batch of 1 row; preprocess/);
});

test("tries that failed are not said as if they were batches: one that fails is halved, and its halves may fail", () => {
  const stats: RunStats = { wallMs: 1500, rowsOut: 1, rowsPerSecond: 0.7, consumerMs: 0, failedRows: 0, deadLettered: 0, notices: [], bottleneck: "", stages: [stage("score", { kind: "actor-pool", pool: pool({ batches: 79, failedBatches: 716 }) })] };
  expect(formatStats(stats)).toMatch(/79 batches of [^]*716 failed tries \(a batch, its halves, and theirs\)/);
});

test("a pool's share of busy time counts the actors there were at each moment", () => {
  let now = 0;
  const recorder = new PoolRecorder({ now: () => now });
  recorder.resized(1);
  now = 1000;
  recorder.resized(3);
  now = 2000;
  recorder.resized(0);
  recorder.add({ ...failedResult([]), predictMs: 2000, batches: [{ rows: 8, ms: 1, failed: false }, { rows: 8, ms: 1, failed: true }, { rows: 4, ms: 1, failed: false, part: true }, { rows: 32, ms: 1, failed: false }], counts: { realTokens: 30, paddedTokens: 40 } });
  now = 9000;
  expect(recorder.stats(9000)).toMatchObject({ actors: 3, utilisation: 0.5, batches: 3, failedBatches: 1, batchRows: { min: 8, median: 32, max: 32 }, paddingEfficiency: 0.75 });
});
