import { excludedUntil, isSuspected } from "./exclusion.ts";
import { joinedMs } from "./joined-tasks.ts";
import { late, muchSooner, unknownLatencyMs } from "./lateness.ts";
import { endAttempt, grant, rememberAttempt, revoke } from "./leases.ts";
import { isStandIn } from "./stand-ins.ts";
import { ableWorkers, expectedMs, loadMs, meanMsPerRow } from "./rates.ts";
import { at, type Attempt, type SchedulerState, type Segment, type Worker } from "./state.ts";

/** One that has not begun moves where it would be done sooner: nothing is computed twice, so that much less has to be won. */
const sooner = { times: 1.1, ms: 50 };
const leastSweepMs = 100;

interface Candidate {
  readonly attempt: Attempt;
  /** Until its worker is through with it. */
  readonly leftMs: number;
  readonly running: boolean;
  readonly overdue: boolean;
}

/** Most is done, or there are more idle workers than blocks: what runs may be run twice. */
function isEndGame(state: SchedulerState, { total = Infinity, open, committed }: Segment, idle: number): boolean {
  return committed.size >= state.settings.duplicateAfter * total || idle >= open.size;
}

/** Looks at the last blocks now and again, for as long as there are any. */
export function watchEndGame(state: SchedulerState, segment: Segment): void {
  if (segment.sweepAt !== undefined || segment.total === undefined || segment.readyTasks > 0 || segment.open.size === 0) return;
  // A sweep costs as much as there are blocks and workers.
  const everyMs = Math.max(leastSweepMs, (segment.open.size + segment.able) / 20);
  segment.sweepAt = state.now + everyMs;
  at(state, segment.sweepAt, (later) => {
    segment.sweepAt = undefined;
    if (later.jobs.get(segment.job.spec.job) !== segment.job) return;
    sweep(later, segment);
    watchEndGame(later, segment);
  });
}

/**
 * Gives idle workers the last blocks of others, once the input has ended and nothing waits: one that has not begun moves, near the end one that runs is run twice. At most one duplicate for a
 * block and a tenth of the workers at once; whoever is first, commits. A worker is measured by its own rate, else each phone would be a
 * straggler; a phone's block is run twice only where a fast machine, idle anyway, would be done in half the time that is left.
 */
function sweep(state: SchedulerState, segment: Segment): void {
  if (segment.job.paused || segment.readyTasks > 0 || segment.open.size === 0) return;
  const idle = idleWorkers(state, segment);
  if (idle.length === 0) return;
  const mayDouble = isEndGame(state, segment, idle.length);
  const candidates = candidatesOf(state, segment).filter(({ running }) => mayDouble || !running).sort((a, b) => Number(b.overdue) - Number(a.overdue) || b.leftMs - a.leftMs || a.attempt.number - b.attempt.number);
  const most = Math.max(1, Math.floor(state.settings.duplicateShare * segment.able));
  let next = 0;
  for (const { worker, rowMs, setupMs } of idle) {
    while (next < candidates.length && (candidates[next] as Candidate).attempt.task.attempts.length !== 1) next++;
    const candidate = candidates[next];
    if (candidate === undefined) return;
    const { attempt, leftMs, running, overdue } = candidate;
    const { task } = attempt;
    if (attempt.worker === worker) continue;
    const takesMs = setupMs + task.rows * rowMs;
    if (running ? !overdue && leftMs < muchSooner * takesMs : leftMs < sooner.times * takesMs + sooner.ms) continue;
    if (running && segment.duplicates >= most) return;
    if (!running) {
      endAttempt(state, attempt);
      rememberAttempt(attempt);
      revoke(state, [attempt], "moved");
    }
    grant(state, worker, segment, [task], running);
    next++;
  }
}

function idleWorkers(state: SchedulerState, segment: Segment): { readonly worker: Worker; readonly rowMs: number; readonly setupMs: number }[] {
  const mean = meanMsPerRow(segment);
  const idle = [];
  for (const worker of ableWorkers(state, segment)) {
    if (worker.attempts.size > 0 || worker.credit === 0 || excludedUntil(state, segment.job, worker) > 0) continue;
    idle.push({ worker, rowMs: expectedMs(segment, worker, 1, mean), setupMs: loadMs(segment, worker) });
  }
  return idle.sort((a, b) => a.rowMs - b.rowMs);
}

function candidatesOf(state: SchedulerState, segment: Segment): Candidate[] {
  const { now } = state;
  const found: Candidate[] = [];
  const meanRow = meanMsPerRow(segment);
  if (meanRow === undefined) return found;
  const seen = new Set<Worker>();
  for (const { parts } of segment.open.values()) for (const { attempts } of parts) for (const { worker } of attempts) seen.add(worker);
  for (const worker of seen) {
    if (isStandIn(worker)) {
      found.push(...candidatesOfStandIn(state, segment, worker, meanRow));
      continue;
    }
    let endsMs = worker.runningSince - now;
    let running = true;
    for (const attempt of worker.attempts.values()) {
      const expected = attempt.expectedMs > 0 ? attempt.expectedMs : 4 * meanRow * attempt.task.rows;
      const elapsed = now - worker.runningSince;
      // It may compute what is behind it together with it.
      const overdue = running && elapsed > Math.max(late * expected, joinedMs);
      // One that is late is taken to need as long again.
      endsMs = running ? Math.max(expected - elapsed, overdue ? elapsed : 0) : endsMs + expected;
      const { task } = attempt;
      // One that is suspected is not given to two at once.
      if (task.of.segment === segment && task.attempts.length === 1 && task.committing === undefined && !isSuspected(task.trouble)) found.push({ attempt, leftMs: endsMs, running, overdue });
      running = false;
    }
  }
  return found;
}

/** Whatever a stand-in has is under way somewhere; how long that takes is known of what came back. */
function candidatesOfStandIn({ now }: SchedulerState, segment: Segment, standIn: Worker, meanRow: number): Candidate[] {
  const found: Candidate[] = [];
  for (const attempt of standIn.attempts.values()) {
    const { task, leasedAt } = attempt;
    if (task.of.segment !== segment || task.attempts.length !== 1 || task.committing !== undefined || isSuspected(task.trouble)) continue;
    const expected = standIn.pace?.latencyMs ?? 4 * meanRow * task.rows + unknownLatencyMs;
    const elapsed = now - leasedAt;
    const overdue = elapsed > late * expected;
    found.push({ attempt, leftMs: Math.max(expected - elapsed, overdue ? elapsed : 0), running: true, overdue });
  }
  return found;
}
