import { describe, expect, test } from "vitest";
import { nameBottleneck } from "./bottleneck.ts";
import type { PoolStats, StageStats } from "./run-stats.ts";
import { pool, stage } from "./stage-stats.fixture.ts";

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
