import type { ErrorData } from "@shoal/core";
import { countAbleFor } from "./classes.ts";
import { CommittedSet } from "./committed-set.ts";
import { beginCommit, isComplete, openBlock, release } from "./commits.ts";
import type { SchedulerEffect } from "./effects.ts";
import type { JobSpec, SchedulerEvent, SegmentSpec } from "./events.ts";
import { Heap } from "./heap.ts";
import { grant } from "./leases.ts";
import { enqueue } from "./queue.ts";
import { joinShares } from "./sharing.ts";
import { emit, findTask, segmentOf, type Job, type Presented, type SchedulerState, type Segment, type Task } from "./state.ts";

/** A job begins; or its driver has started again and will offer everything anew. */
export function submitJob(state: SchedulerState, spec: JobSpec): void {
  const known = state.jobs.get(spec.job);
  if (known !== undefined) {
    // It was lent here and is led here now, or the other way round.
    if (known.spec.borrowed !== spec.borrowed) Object.assign(known, { spec });
    for (const segment of known.segments) {
      Object.assign(segment, { spec: known.spec.segments[segment.index] ?? segment.spec });
      // That the input has ended it will say again: until then it is asked for more.
      Object.assign(segment, { asked: 0, offered: 0, offeredRows: 0, offeredBytes: 0, total: undefined, finish: undefined });
      state.touched.add(segment);
    }
    return;
  }
  const job: Job = { spec, segments: [], share: 0, committing: 0, quarantinedRows: 0, paused: false, strikes: new Map() };
  const segments = spec.segments.map((segment, index) => newSegment(job, index, segment));
  Object.assign(job, { segments });
  joinShares(state, job);
  state.jobs.set(spec.job, job);
  for (const segment of segments) {
    for (const worker of state.live) countAbleFor(segment, worker, 1);
    state.touched.add(segment);
  }
}

/** Or resumes: whoever waits is asked again. */
export function pauseJob(state: SchedulerState, name: string, paused: boolean): void {
  const job = state.jobs.get(name);
  if (job === undefined || job.paused === paused) return;
  job.paused = paused;
  if (!paused) for (const segment of job.segments) state.fresh.add(segment);
}

function newSegment(job: Job, index: number, spec: SegmentSpec): Segment {
  return {
    job, index, spec, open: new Map(), committed: new CommittedSet(),
    ready: new Heap<Task>((a, b) => a.of.block < b.of.block || (a.of.block === b.of.block && a.first < b.first)), troubled: new Set(),
    readyTasks: 0, readyRows: 0, offered: 0, offeredRows: 0, offeredBytes: 0, openBytes: 0, openOffered: 0, total: undefined, asked: 0, able: 0, rated: 0, totalRate: 0, rates: new Map(), warm: 0,
    loadMs: spec.needs.model?.loadMs ?? 0, heldSince: undefined, finish: undefined, duplicates: 0, sweepAt: undefined, firstLookAt: undefined, lentTasks: 0, presented: new Map(),
  };
}

/** A block comes in: new, or known from before a restart as done, as split, or as still on loan. */
export function offerBlock(state: SchedulerState, event: Extract<SchedulerEvent, { kind: "block-offered" }>): void {
  const segment = segmentOf(state, event);
  if (segment === undefined) return;
  segment.asked = Math.max(0, segment.asked - 1);
  segment.offered++;
  segment.offeredRows += event.rows;
  segment.offeredBytes += event.bytes;
  state.touched.add(segment);
  if (segment.committed.has(event.block)) return emit(state, { kind: "block-done", job: event.job, segment: event.segment, block: event.block });
  let block = segment.open.get(event.block);
  if (block?.offered === true) return;
  if (segment.job.segments.every((one) => one.open.size === 0)) joinShares(state, segment.job);
  if (block === undefined) block = openBlock(segment, event.block, event.rows, event.bytes, true);
  block.offered = true;
  segment.openOffered++;
  block.bytes = event.bytes;
  segment.openBytes += event.bytes;
  takePresented(state, segment, event.block);
  for (const task of block.parts) enqueue(state, task);
  const standIn = event.heldBy === undefined ? undefined : state.connections.get(event.heldBy);
  const [whole] = block.parts;
  if (standIn !== undefined && whole?.place === "ready" && whole.rows === block.rows) grant(state, standIn, segment, [whole]);
}

/** Results that workers have held since before a restart save running it again. */
function takePresented(state: SchedulerState, segment: Segment, block: number): void {
  for (const presented of segment.presented.get(block) ?? []) {
    const task = findTask(segment, presented.task);
    if (task === undefined) {
      drop(state, presented);
      continue;
    }
    task.holders.push(presented);
    beginCommit(state, task, { kind: "result", attempt: presented.attempt, worker: presented.worker.name });
  }
  segment.presented.delete(block);
}

function drop(state: SchedulerState, { worker, connection, task, attempt }: Presented): void {
  worker.presentedResults = Math.max(0, worker.presentedResults - 1);
  emit(state, { kind: "settle", connection, task, attempt });
}

export function endInput(state: SchedulerState, { job, segment: index, blocks }: Extract<SchedulerEvent, { kind: "input-ended" }>): void {
  const segment = state.jobs.get(job)?.segments[index];
  if (segment === undefined) return;
  segment.total = blocks;
  segment.finish = undefined;
  state.touched.add(segment);
}

/** Jobs that are complete leave no trace here: their truth is in the ledger. */
export function finishJobs(state: SchedulerState): void {
  // One that ends leaves the set while this walks over it.
  for (const { job } of state.touched) {
    if (isComplete(job)) endJob(state, job, { kind: "job-done", job: job.spec.job, quarantinedRows: job.quarantinedRows });
  }
}

export function failJob(state: SchedulerState, job: Job, error: ErrorData): void {
  endJob(state, job, { kind: "job-failed", job: job.spec.job, error });
}

/** Whatever of it is on loan is called back. */
export function endJob(state: SchedulerState, job: Job, effect?: SchedulerEffect): void {
  if (!state.jobs.delete(job.spec.job)) return;
  if (![...state.jobs.values()].some(({ committing }) => committing > 0)) state.undecidedSince = undefined;
  for (const segment of job.segments) {
    for (const { parts } of segment.open.values()) for (const task of parts) release(state, task, "job-ended");
    for (const presented of segment.presented.values()) for (const one of presented) drop(state, one);
    state.touched.delete(segment);
    state.fresh.delete(segment);
  }
  for (const worker of state.workers.values()) if (worker.segment?.job === job) worker.segment = undefined;
  if (effect !== undefined) emit(state, effect);
}
