import type { SegmentMessage } from "@shoal/cluster";
import { expect, test } from "vitest";
import type { AgentReport } from "@shoal/volunteer/page/agent/agent-port.ts";
import { afterCrash, afterReport, done, finished, newWork, renewed, shareOfBlocks, type Work } from "@shoal/volunteer/page/agent/work.ts";

const nothing = { rows: 0, blocks: 0 };
const after = (work: Work, ...reports: readonly AgentReport[]): Work => reports.reduce((now, report) => afterReport(now, report, 1000), work);
const job = (id: string, segment: number, expectedBlocks?: number): AgentReport => ({
  kind: "job", segment: { kind: "segment", job: id, segment, jobName: id, about: { columns: [] }, description: { name: "s", ...(expectedBlocks !== undefined && { expectedBlocks }) } } as unknown as SegmentMessage,
});
const progress = (rows: number, blocks: number): AgentReport => ({ kind: "progress", rows, blocks, rowsPerSecond: 10 });

test("the share of a job counts all of its segments, and is not told where one has no known length", () => {
  expect(shareOfBlocks(newWork(nothing))).toBeUndefined();
  expect(shareOfBlocks(after(newWork(nothing), job("a", 0, 10), progress(50, 5)))).toBe(0.5);
  expect(shareOfBlocks(after(newWork(nothing), job("a", 0, 10), job("a", 1, 30), progress(50, 5)))).toBe(0.125);
  expect(shareOfBlocks(after(newWork(nothing), job("a", 0, 10), job("a", 1), progress(50, 5)))).toBeUndefined();
  // A block that was split counts more than once.
  expect(shareOfBlocks(after(newWork(nothing), job("a", 0, 10), progress(50, 12)))).toBe(1);
});

test("rows of blocks that are not finished are told apart", () => {
  const work = after(newWork(nothing), job("a", 0, 10), { kind: "progress", rows: 372, underWay: 116, blocks: 8, rowsPerSecond: 10 });
  expect([done(work).rows, work.underWay]).toEqual([372, 116]);
  expect(after(work, progress(384, 12)).underWay).toBe(0);
  expect(renewed(work).underWay).toBe(0);
  // Who takes over begins the block anew.
  expect(done(renewed(work)).rows).toBe(256);
  expect(finished(work)).toEqual({ rows: 256, blocks: 8 });
});

test("of another job the share begins at 0, while the rows go on", () => {
  const work = after(newWork(nothing), job("a", 0, 10), progress(100, 10), job("b", 0, 20), progress(150, 15));
  expect([done(work), shareOfBlocks(work)]).toEqual([{ rows: 150, blocks: 15 }, 0.25]);
});

test("another agent of the tab counts on from the one before it, of the same job and after a crash too", () => {
  const work = after(renewed(after(newWork(nothing), job("a", 0, 10), progress(20, 2))), job("a", 0, 10), progress(30, 3));
  expect([done(work), shareOfBlocks(work)]).toEqual([{ rows: 50, blocks: 5 }, 0.5]);
  const crashed = afterCrash(work, "it ran out of memory", 9000);
  expect([done(crashed), crashed.activity]).toEqual([{ rows: 50, blocks: 5 }, { kind: "restarting", why: "it ran out of memory", at: 9000 }]);
  const reloaded = after(newWork(done(work), [], work.job), job("a", 0, 10), progress(10, 1));
  expect([done(reloaded), shareOfBlocks(reloaded)]).toEqual([{ rows: 60, blocks: 6 }, 0.6]);
});

test("a lost connection says when it is tried again; progress after it is back is computing, which nobody says anew", () => {
  const lost = after(newWork(nothing), job("a", 0), { kind: "computing", device: "wasm" }, progress(1, 1), { kind: "disconnected", error: { code: "connection-lost", message: "gone" }, retryMs: 500 });
  expect(lost).toMatchObject({ activity: { kind: "reconnecting", why: "gone", at: 1500 }, rowsPerSecond: 0, device: "wasm" });
  expect(after(lost, { kind: "connected" }).activity).toEqual({ kind: "waiting" });
  expect(after(lost, { kind: "connected" }, progress(2, 1)).activity).toEqual({ kind: "computing" });
  expect(after(newWork(nothing), job("a", 0), progress(2, 1), { kind: "idle" }, progress(2, 1))).toMatchObject({ activity: { kind: "waiting" }, rowsPerSecond: 0 });
});

test("a lost GPU is said in plain words, for a while", () => {
  const lost = after(newWork(nothing), { kind: "notice", message: "shoal-actor-1 was lost: the adapter is gone", failure: "device-lost" });
  expect(lost.notice?.message).toMatch(/^The browser took the graphics card away/);
  expect(after(lost, ...Array.from({ length: 31 }, () => progress(1, 1))).notice).toBeUndefined();
  expect(after(newWork(nothing), { kind: "failed", error: { code: "x", message: "It was too much.", failure: "oom" } }).notice?.message).toMatch(/less at a time/);
});

test("files that come are loading, and no notice; what an actor says is said without its number", () => {
  const url = "http://127.0.0.1:1/models/abc/onnx/model.onnx";
  const loading = after(newWork(nothing), { kind: "loading", name: "s", doneBytes: 0, bytes: 50e6 }, { kind: "download", url, doneBytes: 0 });
  expect(loading).toMatchObject({ activity: { kind: "loading", doneBytes: 0, bytes: 50e6 } });
  const half = after(loading, { kind: "download", url, doneBytes: 20.5e6, bytes: 41e6 });
  expect([half.activity, half.notice]).toEqual([{ kind: "loading", name: "s", doneBytes: 20.5e6, bytes: 50e6 }, undefined]);
  const again = after(half, { kind: "loading", name: "s", doneBytes: 0, bytes: 50e6 });
  expect(again.activity).toEqual(half.activity);
  expect(after(again, { kind: "loading", name: "s", doneBytes: 30e6, bytes: 50e6 }).activity).toMatchObject({ doneBytes: 30e6 });
  expect(after(half, { kind: "notice", message: "text-classification(s)#1: it is slow" }).notice?.message).toBe("it is slow");
});

test("a job that ended stays ended until its, or another one's, rows come", () => {
  const ended = after(newWork(nothing), job("a", 0), { kind: "job-ended", job: "other" }, { kind: "job-ended", job: "a" });
  expect([after(newWork(nothing), job("a", 0), { kind: "job-ended", job: "other" }).jobEnded, ended.jobEnded, after(ended, job("b", 0)).jobEnded]).toEqual([false, true, false]);
});

test("of what another was faster with nobody is thanked: not under way, nor when it was handed over", () => {
  const under = after(newWork(nothing), job("a", 0), { kind: "progress", rows: 372, underWay: 116, blocks: 8, rowsPerSecond: 10 }, { kind: "idle" });
  expect([done(under), under.underWay]).toEqual([{ rows: 256, blocks: 8 }, 0]);
  const less = after(under, progress(224, 7));
  expect([done(less), less.activity.kind]).toEqual([{ rows: 224, blocks: 7 }, "waiting"]);
});
