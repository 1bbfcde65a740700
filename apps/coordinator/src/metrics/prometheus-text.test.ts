import type { JobSnapshot, SegmentSnapshot, Snapshot, WorkerSnapshot } from "@shoal/cluster";
import { expect, test } from "vitest";
import { prometheusText } from "./prometheus-text.ts";

const traffic = { connections: 0, receivedBytes: 0, sentBytes: 0 };
const blocks = { ready: 0, leased: 0, committing: 0, done: 0, troubled: 0 };
const segment: SegmentSnapshot = { segment: 0, name: "labels", rowsDone: 0, devices: [], blocks, map: [] };

function job(more: Partial<JobSnapshot>): JobSnapshot {
  return { job: "j", name: "labels", state: "running", startedAt: 0, volunteers: false, rowsDone: 0, rowsPerSecond: 0, failedRows: 0, segments: [], bottleneck: "", samples: [], failures: [], ...more };
}

function backlog(...jobs: readonly JobSnapshot[]): string[] {
  const snapshot: Snapshot = { at: 0, name: "desk", jobs, workers: [], refused: {} };
  return prometheusText(snapshot, traffic, 1).split("\n").filter((line) => line.startsWith("shoal_backlog_blocks"));
}

test("the backlog is what is not done, with what is yet to come where that is known, by device", () => {
  expect(backlog()).toEqual(['shoal_backlog_blocks{device="any"} 0']);
  const open = { ...segment, blocks: { ready: 1, leased: 2, committing: 3, done: 9, troubled: 4 } };
  expect(backlog(job({ segments: [open] }))).toEqual(['shoal_backlog_blocks{device="any"} 10']);
  expect(backlog(job({ segments: [{ ...open, expectedBlocks: 100 }] }))).toEqual(['shoal_backlog_blocks{device="any"} 91']);
  // The source has counted wrong, and the end is known now.
  expect(backlog(job({ segments: [{ ...open, expectedBlocks: 100, blocks: { ...open.blocks, total: 30 } }] }))).toEqual(['shoal_backlog_blocks{device="any"} 21']);
  expect(backlog(job({ segments: [{ ...open, devices: ["cuda", "webgpu"] }, open] }))).toEqual(['shoal_backlog_blocks{device="any"} 10', 'shoal_backlog_blocks{device="cuda or webgpu"} 10']);
});

test("of jobs that nobody works at, nothing is counted", () => {
  const open = { ...segment, blocks: { ...blocks, ready: 5 } };
  for (const more of [{ state: "paused" }, { state: "done" }] as const) expect(backlog(job({ segments: [open], ...more }))).toEqual(['shoal_backlog_blocks{device="any"} 0']);
});

test("workers of other gateways are no workers here; what is done here for other gateways is told", () => {
  const worker: WorkerSnapshot = { worker: "w", label: "w", host: "machine", runtime: "node 24", devices: ["cpu"], state: "computing", joinedAt: 0, rowsDone: 0, blocksDone: 0, rowsPerSecond: 0, failures: 0 };
  const text = prometheusText({ at: 0, name: "desk", jobs: [], workers: [worker, { ...worker, worker: "p", runtime: "gateway" }], helps: [{ job: "j", name: "labels", by: "other", rowsDone: 7, rowsPerSecond: 0, blocks: { waiting: 0, leased: 1 } }], refused: {} }, traffic, 1);
  expect(text).toContain('shoal_workers{state="computing"} 1\n');
  expect(text).toContain('shoal_helped_rows_total{job="j",name="labels"} 7\n');
});
