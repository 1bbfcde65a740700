import { finishLine, blocksUntil, rowsPerBlock } from "./finish-line.ts";
import { isAble, recount } from "./classes.ts";
import type { LeaseLimit } from "./lease-size.ts";
import type { Attempt, SchedulerState, Segment, Worker } from "./state.ts";

// A worker that stands for many machines elsewhere.

/** What workers here will have begun by then is left to them. */
const soonMs = 2_000;
/** A pool's pace is that of a stretch of time, for its answers come in bursts. */
const stretchMs = 500;
const fading = 0.5;
const latencyFading = 0.8;
const partOfRest = 0.5;
/** Of a worker whose rate nobody knows. */
const tasksOfUnrated = 2;

export function isPool({ joined }: Pick<Worker, "joined">): boolean {
  return joined.pooled === true;
}

/** Tasks that wait and that no worker here begins soon. */
export function surplusTasks(state: SchedulerState, segment: Segment): number {
  if (segment.job.paused || segment.readyTasks === 0) return 0;
  let { able, rated, totalRate } = segment;
  for (const pool of state.pools) {
    if (!state.live.has(pool) || !isAble(pool, segment.spec.needs)) continue;
    able--;
    const counted = segment.rates.get(pool)?.counted ?? 0;
    if (counted > 0) rated--;
    totalRate -= counted;
  }
  const begun = (Math.max(0, totalRate) * soonMs) / rowsPerBlock(segment) + tasksOfUnrated * Math.max(0, able - rated);
  return Math.max(0, segment.readyTasks - Math.ceil(begun - 1e-9));
}

/** A pool takes what is left over, as much as it has room for; near the end no more than it can finish in time. */
export function lendingLimit(state: SchedulerState, pool: Worker, segment: Segment): LeaseLimit {
  const most = Math.min(pool.credit - pool.attempts.size, surplusTasks(state, segment), state.settings.maxTasksPerLease);
  if (most < 1) return { blocks: 0, workMs: 0, againAt: Infinity };
  const finish = finishLine(state, segment);
  if (finish === undefined) return { blocks: most, workMs: Infinity, againAt: 0 };
  const inTime = blocksUntil(state, segment, pool, finish);
  if (inTime < 1) return { blocks: 0, workMs: 0, againAt: Math.max(state.now + 10, finish) };
  return { blocks: Math.min(most, Math.ceil(inTime * partOfRest)), workMs: Infinity, againAt: 0 };
}

/** An answer of a pool: its machines compute beside each other, so that only all of them together have a rate. */
export function measurePool(state: SchedulerState, attempt: Attempt): void {
  const { worker, task, leasedAt } = attempt;
  const { segment } = task.of;
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
    const rate = { rows: (old?.rows ?? 0) * fading + stretch.rows, ms: (old?.ms ?? 0) * fading + ms, provisional: false, counted: old?.counted ?? 0 };
    segment.rates.set(worker, rate);
    recount(segment, rate, state.live.has(worker));
    pace.stretches.set(segment, { since: state.now, rows: 0 });
  }
  // What it waits for now is not its own time.
  if (isLast) pace.stretches.delete(segment);
}

/** A pool that says how much it would take: the drivers of what it can do are asked for as much. */
export function touchAble(state: SchedulerState, pool: Worker): void {
  for (const { segments } of state.jobs.values()) for (const segment of segments) if (isAble(pool, segment.spec.needs)) state.touched.add(segment);
}

/** Tasks that pools have, or would take. */
export function wantedByPools(state: SchedulerState, segment: Segment): number {
  let wanted = 0;
  for (const pool of state.pools) if (state.live.has(pool) && isAble(pool, segment.spec.needs)) wanted += pool.credit;
  return wanted;
}
