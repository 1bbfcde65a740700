import type { ErrorData } from "@shoal/core";
import type { CommittedSet } from "./committed-set.ts";
import type { LeasedTask, SchedulerEffect } from "./effects.ts";
import type { AttemptId, JobSpec, TaskEntry, SegmentSpec, TaskId, WorkerJoined } from "./events.ts";
import { Heap } from "./heap.ts";
import { defaultSchedulerSettings, type SchedulerSettings } from "./settings.ts";

/**
 * Everything a scheduler knows. It is changed in place, for copying a million blocks with every event would cost more than scheduling
 * them; but by `schedule` alone, and by nothing but its events and their times: the same events give the same effects.
 */
export interface SchedulerState {
  readonly settings: SchedulerSettings;
  /** The time of the last event; it never goes back, whatever the caller's clock does. */
  now: number;
  readonly jobs: Map<string, Job>;
  /** By their own names, which outlive connections. Those that left are kept for a while, the one that left first in front. */
  readonly workers: Map<string, Worker>;
  readonly connections: Map<string, Worker>;
  /** Workers that are heard and take leases. */
  readonly live: Set<Worker>;
  /** Those that stand for machines elsewhere. */
  readonly standIns: Set<Worker>;
  /** Live workers that would take more, by class of devices, so that work is not offered to thousands that can't do it. */
  readonly hungry: Map<string, Set<Worker>>;
  /** Those that are kept from work for now, and when they are asked again. */
  readonly waiting: Set<Worker>;
  wakeAt: number;
  /** What the event being handled has changed: segments with more work, those that have moved on, workers with room for more. */
  readonly fresh: Set<Segment>;
  readonly touched: Set<Segment>;
  readonly freed: Set<Worker>;
  /** Workers that were silent longer than their leases. */
  readonly overdue: Set<Worker>;
  readonly timers: Heap<Timer>;
  /** What was asked for with the last `set-timer`. */
  timerAt: number;
  /** Since when the ledger has decided nothing, and has said that it can't. */
  undecidedSince: number | undefined;
  gone: number;
  lastAttempt: number;
  lastLease: number;
  /** Of the event being handled. */
  effects: SchedulerEffect[];
}

export interface Timer {
  readonly at: number;
  readonly due: (state: SchedulerState) => void;
}

export interface Job {
  readonly spec: JobSpec;
  readonly segments: readonly Segment[];
  /** Worker time leased to it, over its weight: the job with the least goes next. */
  share: number;
  committing: number;
  quarantinedRows: number;
  paused: boolean;
  readonly strikes: Map<string, Strikes>;
}

/** Failures of one worker at one job. */
export interface Strikes {
  count: number;
  at: number;
  excludedUntil: number;
  times: number;
}

export interface Segment {
  readonly job: Job;
  readonly index: number;
  readonly spec: SegmentSpec;
  /** Blocks that are offered or split, and not done. */
  readonly open: Map<number, OpenBlock>;
  readonly committed: CommittedSet;
  /** Tasks that wait, the earliest block first; and those that some worker failed at. */
  readonly ready: Heap<Task>;
  readonly troubled: Set<Task>;
  readyTasks: number;
  readyRows: number;
  offered: number;
  offeredRows: number;
  offeredBytes: number;
  openBytes: number;
  /** Of the open blocks those that the driver has offered: the others are known from the ledger. */
  openOffered: number;
  /** Blocks in all, once the input has ended. */
  total: number | undefined;
  /** Blocks that the driver was asked for and has not offered yet. */
  asked: number;
  /** Workers here that can do it, and what those of known rate do together, in rows per ms. */
  able: number;
  rated: number;
  totalRate: number;
  readonly rates: Map<Worker, Rate>;
  /** Able workers that have its model. */
  warm: number;
  loadMs: number;
  /** Since when a worker without the model is kept waiting. */
  heldSince: number | undefined;
  finish: { at: number; validUntil: number; able: number } | undefined;
  duplicates: number;
  sweepAt: number | undefined;
  /** When its first block is looked at again. */
  firstLookAt: number | undefined;
  /** Attempts of stand-ins. */
  lentTasks: number;
  /** When tasks were last called back for machines elsewhere. */
  recalledAt?: number;
  /** Results that workers hold of blocks that the driver has not offered again yet. */
  readonly presented: Map<number, Presented[]>;
}

export interface Presented extends LeasedTask {
  readonly worker: Worker;
  readonly connection: string;
}

export interface OpenBlock {
  readonly segment: Segment;
  readonly block: number;
  rows: number;
  bytes: number;
  /** False: known from the ledger only, as one that was split. */
  offered: boolean;
  parts: Task[];
}

export interface Task {
  readonly of: OpenBlock;
  readonly first: number;
  readonly rows: number;
  /** Where it waits. */
  place: "nowhere" | "ready" | "troubled";
  readonly attempts: Attempt[];
  /** Attempts whose leases ended without an answer: a result of theirs is still welcome. */
  readonly past: Attempt[];
  committing: { readonly entry: TaskEntry; tries: number } | undefined;
  /** Who holds a result of it, to be told when it is in the ledger. */
  readonly holders: Presented[];
  trouble: Trouble | undefined;
  /** A worker vanished that had it, or it is a part of one that was split: it is computed by itself, so that whatever happens has one suspect. */
  apart: boolean;
}

export interface Trouble {
  /** Workers that failed at it, and how often. */
  readonly failedBy: Map<Worker, number>;
  failures: number;
  /** Who answered with what is no result, and how often that was. */
  readonly badResultsBy: Set<Worker>;
  badResults: number;
  /** Workers that vanished while they ran it: not to its credit, and no proof. */
  readonly lostBy: Set<Worker>;
  losses: number;
  /** Workers with no more memory than this will fail too. */
  memoryFloor: number;
  lastError: ErrorData;
  guiltyRow: number | undefined;
  bug: boolean;
  /** When one that failed may try again, if there is no other. */
  againAt: number;
  others: { readonly any: boolean; readonly until: number } | undefined;
}

export interface Attempt {
  readonly number: number;
  readonly task: Task;
  readonly worker: Worker;
  readonly lease: Lease;
  readonly leasedAt: number;
  readonly expectedMs: number;
  readonly duplicate: boolean;
}

export interface Lease {
  readonly number: number;
  open: number;
}

/** Rows and the time they took, both fading, so that a worker that is slowed down is soon known as slow. */
export interface Rate {
  rows: number;
  ms: number;
  /** From rows of a task that is not done yet. */
  provisional: boolean;
  /** What of it is in the segment's total. */
  counted: number;
  /** How many of the last tasks came at once with the one before. */
  readonly together?: number;
}

export interface Worker {
  readonly name: string;
  joined: WorkerJoined;
  connection: string;
  classKey: string;
  /** `silent`: not heard for longer than its leases; it is live again when it is heard. `idle`: it begins nothing for now. */
  status: "live" | "silent" | "idle" | "draining" | "gone";
  credit: number;
  readonly models: Set<string>;
  /** What it was last leased. */
  segment: Segment | undefined;
  readonly leases: Set<Lease>;
  /** In the order in which they are computed. */
  readonly attempts: Map<number, Attempt>;
  queuedMs: number;
  /** Since when it computes the first of its attempts. */
  runningSince: number;
  heardAt: number;
  expiryTimer: boolean;
  /** `at`: since when it stands there. `isLoading`: nothing of the attempt was computed yet. */
  progress: { readonly attempt: number; readonly rows: number; readonly at: number; readonly isLoading: boolean } | undefined;
  /** Since when it is kept from work that it would finish last. */
  refusedSince: number | undefined;
  presentedResults: number;
  /** Of one that stands for many. */
  pace?: Pace;
}

/** How a stand-in gets on. */
export interface Pace {
  /** From lease to answer, faded; 0 while unknown. */
  latencyMs: number;
  readonly stretches: WeakMap<Segment, { since: number; rows: number }>;
}

export function createScheduler(settings: Partial<SchedulerSettings> = {}): SchedulerState {
  return {
    settings: { ...defaultSchedulerSettings, ...settings },
    now: 0, jobs: new Map(), workers: new Map(), connections: new Map(), live: new Set(), standIns: new Set(), hungry: new Map(), waiting: new Set(), wakeAt: Infinity,
    fresh: new Set(), touched: new Set(), freed: new Set(), overdue: new Set(),
    timers: new Heap<Timer>((a, b) => a.at < b.at), timerAt: Infinity, undecidedSince: undefined, gone: 0, lastAttempt: 0, lastLease: 0, effects: [],
  };
}

export function emit(state: SchedulerState, effect: SchedulerEffect): void {
  state.effects.push(effect);
}

export function at(state: SchedulerState, time: number, due: Timer["due"]): void {
  state.timers.push({ at: time, due });
}

export function taskId(task: Task): TaskId {
  const { of: { segment, block }, first, rows } = task;
  return { job: segment.job.spec.job, segment: segment.index, block, first, rows };
}

function attemptId(state: SchedulerState, attempt: Attempt): AttemptId {
  return { epoch: state.settings.epoch, number: attempt.number };
}

export function leasedTask(state: SchedulerState, attempt: Attempt): LeasedTask {
  return { task: taskId(attempt.task), attempt: attemptId(state, attempt) };
}

export function segmentOf(state: SchedulerState, id: Pick<TaskId, "job" | "segment">): Segment | undefined {
  return state.jobs.get(id.job)?.segments[id.segment];
}

export function findTask(segment: Segment, id: TaskId): Task | undefined {
  return segment.open.get(id.block)?.parts.find((task) => task.first === id.first && task.rows === id.rows);
}

/** Whether a task is known, and not decided. */
export function isOpenTask(state: SchedulerState, id: TaskId): boolean {
  const segment = segmentOf(state, id);
  return segment !== undefined && findTask(segment, id) !== undefined;
}
