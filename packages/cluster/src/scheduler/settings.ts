/** The numbers that scheduling goes by. Times are in milliseconds of a clock that never goes back. */
export interface SchedulerSettings {
  /** How many schedulers of this coordinator lived before: attempts of earlier ones are told by it. */
  readonly epoch: number;
  /** A worker silent for this long has lost its leases. */
  readonly leaseMs: { readonly machine: number; readonly tab: number };
  /** Work in one lease, at the rate measured of that worker. */
  readonly workMs: { readonly machine: number; readonly tab: number };
  readonly maxTasksPerLease: number;
  /** Of tasks that take less than a millisecond. Then the gateway is what they wait for, and what is open for longer than a round trip only makes memory work. */
  readonly maxShortTasksPerLease: number;
  readonly maxCredit: { readonly machine: number; readonly tab: number };
  /** A running task without a row done for this long (or ten times what it should take) has failed. */
  readonly stallMs: number;
  /** One that loads for this long, and longer than its model takes at 16 KB/s, has failed. */
  readonly loadStallMs: number;
  /** Longest wait for a worker that has the model. */
  readonly affinityMs: number;
  /** Distinct workers that must have failed at a task before the task is blamed. */
  readonly failingWorkers: number;
  /** Failures of one worker at one job after which it gets no more of it for a while. */
  readonly strikes: number;
  readonly strikeHalfLifeMs: number;
  readonly excludeMs: number;
  readonly maxExcludeMs: number;
  /** Before a worker tries again what it failed at, there being no other. */
  readonly againMs: number;
  readonly commitRetryMs: number;
  /** Results of a job that wait for the ledger; at more, nothing is leased. */
  readonly maxCommitting: number;
  /** Blocks that were offered and are not done, per segment. */
  readonly maxOpenBlocks: number;
  readonly maxOpenBytes: number;
  /** Part of the blocks that must be done before any is run twice. */
  readonly duplicateAfter: number;
  /** Duplicates at once, as part of the workers. */
  readonly duplicateShare: number;
  /** Workers that are gone and whose rates and strikes are still known. */
  readonly rememberedWorkers: number;
}

export const defaultSchedulerSettings: SchedulerSettings = {
  epoch: 0,
  leaseMs: { machine: 15_000, tab: 90_000 },
  workMs: { machine: 15_000, tab: 8_000 },
  maxTasksPerLease: 512,
  maxShortTasksPerLease: 128,
  maxCredit: { machine: 64, tab: 4 },
  stallMs: 120_000,
  loadStallMs: 1_800_000,
  affinityMs: 2_000,
  failingWorkers: 3,
  strikes: 3,
  strikeHalfLifeMs: 300_000,
  excludeMs: 30_000,
  maxExcludeMs: 300_000,
  againMs: 5_000,
  commitRetryMs: 200,
  maxCommitting: 8_192,
  maxOpenBlocks: 1_000_000,
  maxOpenBytes: 16 * 2 ** 30,
  duplicateAfter: 0.75,
  duplicateShare: 0.1,
  rememberedWorkers: 10_000,
};
