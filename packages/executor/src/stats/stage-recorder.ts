import type { BlockResult, Clock } from "@shoal/core";
import type { StageProgress } from "./run-event.ts";
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
  /** What a scan's source has told of its reading, all partitions together: rows, and the bytes that they are in its files. */
  readonly read = { rows: 0, bytes: 0 };
  /** Whose rows it takes. */
  inputs: readonly StageRecorder[] = [];
  /** Gives as many rows as it takes. */
  keepsRows = false;
  /** Rows that it had handed on where this run goes on after an earlier one; undefined where that can't be told. */
  rowsPassed: number | undefined;
  /** How a pool stands. */
  progress: (() => Pick<StageProgress, "queue" | "actorsBusy" | "actors" | "actorsLoading" | "actorsAtOtherJobs" | "byWorkers" | "reconnectMs">) | undefined;
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

  /** Of `rowsOut`, those that an earlier run had done and that this one was given: of a stage after such a pool, its share of them. */
  get rowsGiven(): number {
    if (this.pool !== undefined) return Math.min(this.rowsOut, this.pool.given.rowsOut);
    const given = this.#givenIn;
    return given === 0 ? 0 : Math.min(this.rowsOut, Math.round((given * this.rowsOut) / this.rowsIn));
  }

  get #givenIn(): number {
    return this.pool === undefined ? this.inputs.reduce((sum, input) => sum + input.rowsGiven, 0) : Math.min(this.rowsIn, this.pool.given.rowsIn);
  }

  /** Rows that this run has done here, be it their turn to be handed on or not. */
  get rowsDone(): number {
    return Math.max(this.rowsOut - this.rowsGiven, this.pool?.rowsDone ?? 0);
  }

  /** Rows that earlier runs have done here, as far as that is known by now. */
  get rowsBefore(): number {
    return (this.rowsPassed ?? 0) + Math.max(this.rowsGiven, this.pool?.rowsBefore ?? 0);
  }

  progressed(): StageProgress {
    const { stage, name, rowsIn, rowsOut, rowsGiven, rowsDone, rowsBefore, wallMs, failedRows } = this;
    return {
      stage, name, rowsIn: rowsIn - this.#givenIn, rowsOut: rowsOut - rowsGiven, rowsDone, ...(rowsBefore === 0 ? {} : { rowsBefore }),
      rowsPerSecond: wallMs > 0 ? (1000 * rowsDone) / wallMs : 0, failedRows,
      ...this.progress?.(),
    };
  }

  stats(): StageStats {
    const { stage, name, kind, blocks, wallMs, waitMs, skipped, nulled, deadLettered, filtered } = this;
    const rowsOut = this.rowsOut - this.rowsGiven;
    return {
      stage, name, kind, rowsIn: this.rowsIn - this.#givenIn, rowsOut, blocks, wallMs, waitMs, skipped, nulled, deadLettered, filtered,
      rowsPerSecond: wallMs > 0 ? (1000 * rowsOut) / wallMs : 0,
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
  /** Rows that actors have done in this run, in whatever order. */
  rowsDone = 0;
  /** Rows that an earlier run has done, as whoever kept them says. */
  rowsBefore = 0;
  /** What came of them so far. */
  given: { readonly rowsIn: number; readonly rowsOut: number } = { rowsIn: 0, rowsOut: 0 };
  /** Worker → rows, where other machines run the stage. */
  #workers: Map<string, number> | undefined;
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

  get isByWorkers(): boolean {
    return this.#workers !== undefined;
  }

  /** Other machines run the stage. */
  isElsewhere(): void {
    this.#workers ??= new Map();
  }

  /** An earlier run's result, for so many rows: nothing of it was done in this one. */
  addGiven(rows: number, result: BlockResult): void {
    const { rowsIn, rowsOut } = this.given;
    this.given = { rowsIn: rowsIn + rows, rowsOut: rowsOut + result.block.rows };
  }

  add(result: BlockResult): void {
    this.rowsDone += result.block.rows;
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
    const workers = (this.#workers ??= new Map<string, number>());
    workers.set(worker, (workers.get(worker) ?? 0) + result.block.rows + result.failures.length);
    if (device !== "" && !this.device.split(", ").includes(device)) this.device = this.device === "" ? device : `${this.device}, ${device}`;
  }

  stats(wallMs: number): PoolStats {
    this.resized(this.#actors);
    const sizes = [...this.#batches].sort(([a], [b]) => a - b);
    const batches = sizes.reduce((sum, [, times]) => sum + times, 0);
    const batchedRows = sizes.reduce((sum, [size, times]) => sum + size * times, 0);
    const real = this.#counts.get("realTokens");
    const padded = this.#counts.get("paddedTokens");
    return {
      actors: this.peakActors, device: this.device, ...(this.#workers === undefined ? {} : { workers: sharesOf(this.#workers) }), ...(this.deviceChoice === undefined ? {} : { deviceChoice: this.deviceChoice }),
      preprocessMs: this.preprocessMs, predictMs: this.predictMs, postprocessMs: this.postprocessMs, loadMs: this.loadMs,
      ...(this.#firstActorAt === undefined ? {} : { startMs: this.#firstActorAt - this.#createdAt }),
      batches, failedBatches: this.failedBatches,
      batchRows: { min: sizes[0]?.[0] ?? 0, median: medianOf(sizes, batchedRows), max: sizes.at(-1)?.[0] ?? 0 },
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

/** Of the rows and not of the batches: a few that were left over, each alone, would else outweigh the large ones that took the time. */
function medianOf(sizes: readonly (readonly [size: number, times: number])[], rows: number): number {
  let seen = 0;
  for (const [size, times] of sizes) {
    seen += size * times;
    if (2 * seen >= rows) return size;
  }
  return 0;
}
