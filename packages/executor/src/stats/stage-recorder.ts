import type { BlockResult, Clock } from "@shoal/core";
import type { PoolStats, StageStats, WorkerShare } from "./run-stats.ts";

/** Counts what one stage does while it runs. */
export class StageRecorder {
  readonly stage: number;
  readonly name: string;
  readonly kind: string;
  readonly #clock: Pick<Clock, "now">;
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  rowsOut = 0;
  blocks = 0;
  /** Time inside this stage and everything before it. */
  inclusiveMs = 0;
  /** Time that a pool waited for its input while an actor was free. */
  poolWaitMs = 0;
  /** Its input came to an end, so that its rows must add up. */
  completed = false;
  /** Whose rows it takes. */
  inputs: readonly StageRecorder[] = [];
  /** How a pool stands. */
  progress: (() => { readonly queue: number; readonly actorsBusy: number; readonly actors: number; readonly actorsLoading: number }) | undefined;
  skipped = 0;
  nulled = 0;
  deadLettered = 0;
  filtered = 0;
  pool: PoolRecorder | undefined;

  constructor(stage: number, name: string, kind: string, clock: Pick<Clock, "now">) {
    this.stage = stage;
    this.name = name;
    this.kind = kind;
    this.#clock = clock;
  }

  start(): void {
    this.#startedAt ??= this.#clock.now();
  }

  end(): void {
    this.#endedAt ??= this.#clock.now();
  }

  get wallMs(): number {
    return this.#startedAt === undefined ? 0 : (this.#endedAt ?? this.#clock.now()) - this.#startedAt;
  }

  get rowsIn(): number {
    return this.inputs.length === 0 ? this.rowsOut : this.inputs.reduce((sum, input) => sum + input.rowsOut, 0);
  }

  get waitMs(): number {
    return this.pool === undefined ? this.inputs.reduce((sum, input) => sum + input.inclusiveMs, 0) : this.poolWaitMs;
  }

  get failedRows(): number {
    return this.skipped + this.nulled + this.deadLettered;
  }

  get rowsPerSecond(): number {
    return this.wallMs > 0 ? (1000 * this.rowsOut) / this.wallMs : 0;
  }

  stats(): StageStats {
    const { stage, name, kind, rowsIn, rowsOut, blocks, wallMs, waitMs, rowsPerSecond, skipped, nulled, deadLettered, filtered } = this;
    return {
      stage, name, kind, rowsIn, rowsOut, blocks, wallMs, waitMs, rowsPerSecond, skipped, nulled, deadLettered, filtered,
      busyMs: this.pool === undefined ? Math.max(0, this.inclusiveMs - waitMs) : this.pool.busyMs,
      ...(this.pool === undefined ? {} : { pool: this.pool.stats(wallMs) }),
    };
  }
}

/** Counts what a pool of actors does. */
export class PoolRecorder {
  preprocessMs = 0;
  predictMs = 0;
  postprocessMs = 0;
  loadMs = 0;
  retries = 0;
  lostActors = 0;
  collapsedRows = 0;
  peakActors = 0;
  #firstActorAt: number | undefined;
  peakHeldBytes = 0;
  peakMemoryBytes = 0;
  device = "";
  /** Why it is this device, where it was measured. */
  deviceChoice: string | undefined;
  failedBatches = 0;
  /** Worker → rows, where other machines run the stage. */
  readonly #workers = new Map<string, number>();
  /** Actor-milliseconds that were on offer, up to the last change of the pool's size. */
  #offeredMs = 0;
  #actors = 0;
  #since = 0;
  readonly #clock: Pick<Clock, "now">;
  /** Batch size → how often. */
  readonly #batches = new Map<number, number>();
  readonly #counts = new Map<string, number>();

  readonly #createdAt: number;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#createdAt = clock.now();
  }

  get busyMs(): number {
    return this.preprocessMs + this.predictMs + this.postprocessMs;
  }

  resized(actors: number): void {
    const now = this.#clock.now();
    this.#offeredMs += this.#actors * (now - this.#since);
    this.#since = now;
    this.#actors = actors;
    if (actors > 0) this.#firstActorAt ??= now;
    this.peakActors = Math.max(this.peakActors, actors);
  }

  add(result: BlockResult): void {
    this.preprocessMs += result.preprocessMs;
    this.predictMs += result.predictMs;
    this.postprocessMs += result.postprocessMs;
    this.collapsedRows += result.collapsedRows;
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, result.memoryBytes ?? 0);
    for (const batch of result.batches) {
      if (batch.failed) this.failedBatches++;
      if (batch.part !== true) this.#batches.set(batch.rows, (this.#batches.get(batch.rows) ?? 0) + 1);
    }
    for (const [name, count] of Object.entries(result.counts)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  /** Another machine's result. */
  addOf(worker: string, device: string, result: BlockResult): void {
    this.add(result);
    this.#workers.set(worker, (this.#workers.get(worker) ?? 0) + result.block.rows + result.failures.length);
    if (device !== "" && !this.device.split(", ").includes(device)) this.device = this.device === "" ? device : `${this.device}, ${device}`;
  }

  stats(wallMs: number): PoolStats {
    this.resized(this.#actors);
    const sizes = [...this.#batches].sort(([a], [b]) => a - b);
    const batches = sizes.reduce((sum, [, times]) => sum + times, 0);
    const real = this.#counts.get("realTokens");
    const padded = this.#counts.get("paddedTokens");
    return {
      actors: this.peakActors, device: this.device, ...(this.#workers.size === 0 ? {} : { workers: sharesOf(this.#workers) }), ...(this.deviceChoice === undefined ? {} : { deviceChoice: this.deviceChoice }),
      preprocessMs: this.preprocessMs, predictMs: this.predictMs, postprocessMs: this.postprocessMs, loadMs: this.loadMs,
      ...(this.#firstActorAt === undefined ? {} : { startMs: this.#firstActorAt - this.#createdAt }),
      batches, failedBatches: this.failedBatches,
      batchRows: { min: sizes[0]?.[0] ?? 0, median: medianOf(sizes, batches), max: sizes.at(-1)?.[0] ?? 0 },
      ...(real !== undefined && padded ? { paddingEfficiency: real / padded } : {}),
      counts: Object.fromEntries(this.#counts),
      retries: this.retries, lostActors: this.lostActors, collapsedRows: this.collapsedRows,
      ...(this.peakMemoryBytes > 0 ? { peakMemoryBytes: this.peakMemoryBytes } : {}),
      peakHeldBytes: this.peakHeldBytes,
      utilisation: Math.min(1, this.predictMs / Math.max(1, this.#offeredMs || wallMs)),
    };
  }
}

function sharesOf(workers: ReadonlyMap<string, number>): WorkerShare[] {
  return Array.from(workers, ([worker, rows]) => ({ worker, rows })).toSorted((a, b) => b.rows - a.rows);
}

function medianOf(sizes: readonly (readonly [size: number, times: number])[], total: number): number {
  let seen = 0;
  for (const [size, times] of sizes) {
    seen += times;
    if (2 * seen >= total) return size;
  }
  return 0;
}
