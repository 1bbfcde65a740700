import { finishLine, blocksUntil, rowsPerBlock } from "./finish-line.ts";
import { isAble, recount } from "./classes.ts";
import type { LeaseLimit } from "./lease-size.ts";
import type { Attempt, SchedulerState, Segment, Worker } from "./state.ts";

// A worker that stands for many machines elsewhere.

/** Where others could have them, workers here are leased, and left, what they begin within so long: what lies with one of them can't be lent. */
const mostAheadMs = 3_000;
const leastAheadMs = 500;
/** A stand-in's pace is that of a stretch of time, for its answers come in bursts. */
const stretchMs = 500;
const fading = 0.5;
/** A stand-in with less than this ahead may be short of tasks. */
const starvedMs = 1_000;
const latencyFading = 0.8;
const partOfRest = 0.5;
/** Of a worker whose rate nobody knows. */
const tasksOfUnrated = 2;

export function isStandIn({ joined }: Pick<Worker, "joined">): boolean {
  return joined.standsIn === true;
}

/** What a lease of a worker here may take, where machines elsewhere could have the rest. */
export function workBesideStandIns(state: SchedulerState, worker: Worker, segment: Segment): number {
  if (segment.job.spec.borrowed === true) return mostAheadMs / Math.max(1, worker.credit);
  for (const standIn of state.standIns) if (state.live.has(standIn) && isAble(standIn, segment.spec.needs)) return aheadMs(segment) / Math.max(1, worker.credit);
  return Infinity;
}

/** Less near the end, when all that is left could be done elsewhere too. */
export function aheadMs(segment: Segment): number {
  const { total, offered, open, totalRate } = segment;
  if (total === undefined || totalRate <= 0) return mostAheadMs;
  const restMs = ((open.size + Math.max(0, total - offered)) * rowsPerBlock(segment)) / totalRate;
  return Math.min(mostAheadMs, Math.max(leastAheadMs, restMs * partOfRest));
}

/** Tasks that wait and that no worker here begins soon. */
export function surplusTasks(state: SchedulerState, segment: Segment): number {
  if (segment.job.paused || segment.readyTasks === 0) return 0;
  const { soon, unrated } = workHere(state, segment);
  return Math.max(0, segment.readyTasks - Math.ceil(Math.max(0, soon - leasedHere(segment)) + tasksOfUnrated * unrated - 1e-9));
}

/** Whether others could have more of it than workers here begin soon, of what these were leased as well. */
export function isLendable(state: SchedulerState, segment: Segment): boolean {
  if (segment.job.paused) return false;
  return surplusTasks(state, segment) > 0 || leasedHere(segment) > workHere(state, segment).soon + tasksOfUnrated * segment.able;
}

/** What workers here, and no stand-in, begin soon: at the rates they have shown, and how many have shown none. */
function workHere(state: SchedulerState, segment: Segment): { readonly soon: number; readonly unrated: number } {
  let { able, rated, totalRate } = segment;
  for (const standIn of state.standIns) {
    if (!state.live.has(standIn) || !isAble(standIn, segment.spec.needs)) continue;
    able--;
    const counted = segment.rates.get(standIn)?.counted ?? 0;
    if (counted > 0) rated--;
    totalRate -= counted;
  }
  return { soon: (Math.max(0, totalRate) * aheadMs(segment)) / rowsPerBlock(segment), unrated: Math.max(0, able - rated) };
}

/** Blocks that are neither waiting nor lent: with workers here, or on their way into the ledger. */
function leasedHere({ open, readyTasks, lentTasks }: Segment): number {
  return Math.max(0, open.size - readyTasks - lentTasks);
}

/** A stand-in takes what is left over, as much as it has room for; near the end no more than it can finish in time. */
export function lendingLimit(state: SchedulerState, standIn: Worker, segment: Segment): LeaseLimit {
  const most = Math.min(standIn.credit - standIn.attempts.size, surplusTasks(state, segment), state.settings.maxTasksPerLease);
  if (most < 1) return { blocks: 0, workMs: 0, againAt: Infinity };
  const finish = finishLine(state, segment);
  if (finish === undefined) return { blocks: most, workMs: Infinity, againAt: 0 };
  const inTime = blocksUntil(state, segment, standIn, finish);
  if (inTime < 1) return { blocks: 0, workMs: 0, againAt: Math.max(state.now + 10, finish) };
  return { blocks: Math.min(most, Math.ceil(inTime * partOfRest)), workMs: Infinity, againAt: 0 };
}

/** An answer of a stand-in: its machines compute beside each other, so that only all of them together have a rate. */
export function measureStandIn(state: SchedulerState, attempt: Attempt): void {
  const { worker, task, leasedAt } = attempt;
  const { segment } = task.of;
  // Whoever did it says when it wants more: else each answer would be followed by a task that goes out alone.
  worker.credit = Math.max(0, worker.credit - 1);
  const pace = (worker.pace ??= { latencyMs: 0, stretches: new WeakMap() });
  const tookMs = Math.max(1, state.now - leasedAt);
  pace.latencyMs = pace.latencyMs === 0 ? tookMs : pace.latencyMs * latencyFading + tookMs * (1 - latencyFading);
  // One that only stands for what others had before has no rate.
  if (!isAble(worker, segment.spec.needs)) return;
  const stretch = pace.stretches.get(segment) ?? { since: leasedAt, rows: 0 };
  pace.stretches.set(segment, stretch);
  stretch.rows += task.rows;
  const isLast = worker.attempts.size <= 1;
  const ms = state.now - stretch.since;
  if (ms >= stretchMs || (isLast && ms > 0)) {
    const old = segment.rates.get(worker);
    // With so little left its machines have waited for more: that is not their pace.
    const isStarved = old !== undefined && old.ms > 0 && old.rows > 0 && stretch.rows / ms < old.rows / old.ms && ((worker.attempts.size - 1) * task.rows * old.ms) / old.rows < starvedMs;
    const rate = isStarved ? old : { rows: (old?.rows ?? 0) * fading + stretch.rows, ms: (old?.ms ?? 0) * fading + ms, provisional: false, counted: old?.counted ?? 0 };
    segment.rates.set(worker, rate);
    recount(segment, rate, state.live.has(worker));
    pace.stretches.set(segment, { since: state.now, rows: 0 });
  }
  // What it waits for now is not its own time.
  if (isLast) pace.stretches.delete(segment);
}

/** A stand-in that says how much it would take: the drivers of what it can do are asked for as much. */
export function touchAble(state: SchedulerState, standIn: Worker): void {
  for (const { segments } of state.jobs.values()) for (const segment of segments) if (isAble(standIn, segment.spec.needs)) state.touched.add(segment);
}

/** Tasks that stand-ins have, or would take. */
export function wantedByStandIns(state: SchedulerState, segment: Segment): number {
  let wanted = 0;
  for (const standIn of state.standIns) if (state.live.has(standIn) && isAble(standIn, segment.spec.needs)) wanted += standIn.credit;
  return wanted;
}
