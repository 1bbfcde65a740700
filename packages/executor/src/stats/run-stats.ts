/** What one stage of a run did; rows that an earlier run had done, and this one was given, are left out. Times in milliseconds. */
export interface StageStats {
  readonly stage: number;
  readonly name: string;
  readonly kind: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly blocks: number;
  /** From its first row asked for to its end. */
  readonly wallMs: number;
  /** Time it worked: for a pool, the sum over its actors. */
  readonly busyMs: number;
  /** Time it waited for its input. */
  readonly waitMs: number;
  readonly rowsPerSecond: number;
  readonly skipped: number;
  readonly nulled: number;
  readonly deadLettered: number;
  /** Rows that a filter left out. */
  readonly filtered: number;
  readonly pool?: PoolStats;
}

/** What one worker did of a stage that many machines ran. */
export interface WorkerShare {
  readonly worker: string;
  readonly rows: number;
}

export interface PoolStats {
  /** The most at one time. */
  readonly actors: number;
  readonly device: string;
  /** Where other machines ran it: who did how much, the most first. Empty where an earlier run had done all. */
  readonly workers?: readonly WorkerShare[];
  /** What was measured, where the device was to be chosen. */
  readonly deviceChoice?: string;
  readonly preprocessMs: number;
  readonly predictMs: number;
  readonly postprocessMs: number;
  /** Time loading the predictor, summed over actors. */
  readonly loadMs: number;
  /** From the start of the run until its first actor could take rows: its process started, its predictor loaded. */
  readonly startMs?: number;
  readonly batches: number;
  /** Tries that failed: of batches, and of the halves that lead to a guilty row. */
  readonly failedBatches: number;
  /** Rows that one call of `predict` was given. `median`: half of the rows were in batches of at least so many. */
  readonly batchRows: { readonly min: number; readonly median: number; readonly max: number };
  /** Real ÷ padded tokens, where the predictor counts them. */
  readonly paddingEfficiency?: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Blocks offered again after a loss. */
  readonly retries: number;
  readonly lostActors: number;
  readonly collapsedRows: number;
  /** The most that one actor reported. */
  readonly peakMemoryBytes?: number;
  /** The most that the stage held at once, in rows read, in work and waiting for their turn. */
  readonly peakHeldBytes: number;
  /** Share of the actors' time, from when they were loaded, that was spent predicting, 0 to 1. */
  readonly utilisation: number;
}

export interface RunStats {
  readonly wallMs: number;
  /** Rows that this run made. */
  readonly rowsOut: number;
  /** Rows of the output that an earlier run had made; absent: none. */
  readonly rowsBefore?: number;
  readonly rowsPerSecond: number;
  /** Time from start to the first block out. */
  readonly firstRowMs?: number;
  /** Time that the run waited for whoever took its rows. */
  readonly consumerMs: number;
  readonly stages: readonly StageStats[];
  /** Rows left out, nulled or dead-lettered, all stages together. */
  readonly failedRows: number;
  readonly deadLettered: number;
  readonly notices: readonly string[];
  /** What to change first, as one sentence. */
  readonly bottleneck: string;
}
