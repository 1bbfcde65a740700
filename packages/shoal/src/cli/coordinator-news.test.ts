import type { JobSnapshot, Snapshot, WorkerSnapshot } from "@shoal/cluster";
import { expect, test } from "vitest";
import { coordinatorNews, ownWorkers } from "./coordinator-news.ts";

const worker: WorkerSnapshot = { worker: "w", label: "Anna's laptop", host: "machine", runtime: "node 20", devices: ["cpu"], state: "waiting", joinedAt: 0, rowsDone: 0, blocksDone: 0, rowsPerSecond: 0, failures: 0 };
const job: JobSnapshot = { job: "j", name: "labels", state: "running", startedAt: 1000, volunteers: false, rowsDone: 5, rowsPerSecond: 0, failedRows: 0, segments: [], bottleneck: "", samples: [], failures: [] };
const nothing: Snapshot = { at: 0, name: "desk", jobs: [], workers: [], refused: {} };

test("a line for each worker that comes or goes, and none for what stays as it is", () => {
  const here = { ...nothing, workers: [worker, { ...worker, worker: "t", label: "a phone", host: "tab" as const, devices: ["webgpu" as const] }] };
  expect(coordinatorNews(nothing, here)).toEqual(["Anna's laptop (cpu) joined; 2 workers now", "a phone (tab, webgpu) joined; 2 workers now"]);
  expect(coordinatorNews(here, { ...here, at: 5 })).toEqual([]);
  const left = { ...here, workers: [{ ...worker, state: "gone" as const, rowsDone: 1 }] };
  expect(coordinatorNews(here, left)).toEqual(["Anna's laptop (cpu) left after 1 row; 0 workers now", "a phone left after 0 rows; 0 workers now"]);
  expect(coordinatorNews(left, here)[0]).toBe("Anna's laptop (cpu) joined; 2 workers now");
});

test("a line for each state of a job, and for a disk that is full", () => {
  const begun = { ...nothing, jobs: [job] };
  expect(coordinatorNews(undefined, begun)).toEqual(['job "labels" began']);
  const ended = { ...begun, jobs: [{ ...job, state: "done" as const, endedAt: 3000, failedRows: 2 }] };
  expect(coordinatorNews(begun, ended)).toEqual(['job "labels" is done: 5 rows in 2.0 s, 2 failed']);
  expect(coordinatorNews(begun, { ...begun, paused: "the disk is full" })).toEqual(["nothing is committed: the disk is full"]);
});

test("a line for each job of another gateway that is helped with, and none for its workers", () => {
  const helping = { ...nothing, workers: [{ ...worker, runtime: "gateway" }], helps: [{ job: "j", name: "labels", by: "the other desk", rowsDone: 0, rowsPerSecond: 0, blocks: { waiting: 1, leased: 0 } }] };
  expect(coordinatorNews(nothing, helping)).toEqual(['helping the other desk with job "labels"']);
  expect(coordinatorNews(helping, { ...helping, at: 5 })).toEqual([]);
  expect(ownWorkers({ ...helping, workers: [worker, ...helping.workers] })).toEqual([worker]);
  // As where the only coordinator is there again.
  const { by: _by, ...left } = helping.helps[0] as (typeof helping.helps)[number];
  expect(coordinatorNews(nothing, { ...helping, helps: [left] })).toEqual(['doing what an earlier coordinator has left of job "labels"']);
});
