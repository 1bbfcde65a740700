import type { BlockResult } from "@shoal/core";
import { expect, test } from "vitest";
import { failedResult } from "../pool/retry.ts";
import { formatStats } from "./format-stats.ts";
import type { RunStats } from "./run-stats.ts";
import { PoolRecorder } from "./stage-recorder.ts";
import { pool, stage } from "./stage-stats.fixture.ts";

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
