import {
  concatBlocks, ShoalError, systemClock, takeRows,
  type ActorProgress, type ActorRequest, type ActorRuntime, type BatchPolicy, type BatchTrace, type Block, type BlockResult, type Clock,
  type Predictor, type RowFailure, type StartActor,
} from "@shoal/core";
import { afterBatch, afterOutOfMemory, climbingBatchSize, fixedBatchSize, type BatchSize } from "./batch-size.ts";
import { checkPromisedColumns } from "./check-result.ts";
import { collapseRows } from "./collapse-rows.ts";
import { gatherRows, identity, type ResultPart } from "./gather-rows.ts";
import { cutBatches, dearestFirst, paddedCost, sumOfCosts } from "./pack-batches.ts";
import { rowCosts, type RowCosts } from "./row-costs.ts";
import { rowRange, settleBatch, startBatch, type BlockPrediction, type StartedBatch } from "./predict-batch.ts";
import { runPhase, type TracedBlock } from "./run-phase.ts";

/** Runs a predictor inside an actor: a block is preprocessed, cut into batches, predicted and postprocessed. */
export const startActor: StartActor = startActorWith(systemClock);

/** {@link startActor} on a clock of one's own. */
export function startActorWith(clock: Pick<Clock, "now">): StartActor {
  return (predictor, request, onProgress, counts) => new PredictorActor(predictor, request, onProgress, counts, clock);
}

const firstBatchRows = 8;
const firstBatchCost = 256;
type WorkingPhase = Exclude<ActorProgress["phase"], "idle">;

class PredictorActor implements ActorRuntime {
  readonly #predictor: Predictor;
  readonly #request: ActorRequest;
  readonly #policy: BatchPolicy;
  readonly #onProgress: (progress: ActorProgress) => void;
  readonly #counts: Map<string, number>;
  readonly #clock: Pick<Clock, "now">;
  readonly #open: Record<WorkingPhase, number> = { preprocess: 0, predict: 0, postprocess: 0 };
  #ticks = 0;
  /** In the batch's own unit: rows, or cost where the policy packs by cost. */
  #size: BatchSize | undefined;
  #packsByCost = false;
  /** Rows that may be in one batch whatever they cost. */
  #rowLimit = Infinity;
  /** The batches under way, oldest first: first and last row of each. */
  readonly #underWay: (readonly [number, number])[] = [];
  /** The blocks being predicted, oldest first. */
  readonly #predicting: BlockPrediction[] = [];
  /** When the last batch, and the last block, left the device: what began before had to wait until then. */
  #batchEndedAt = -Infinity;
  #blockEndedAt = -Infinity;
  /** Settles when the device is free for the next block, in the order in which blocks came. */
  #device: Promise<void> = Promise.resolve();

  constructor(predictor: Predictor, request: ActorRequest, onProgress: (progress: ActorProgress) => void, counts: Map<string, number>, clock: Pick<Clock, "now">) {
    this.#predictor = predictor;
    this.#request = request;
    this.#policy = request.policy;
    this.#onProgress = onProgress;
    this.#counts = counts;
    this.#clock = clock;
  }

  async process(given: Block, signal: AbortSignal): Promise<BlockResult> {
    const turn = this.#device;
    let release = (): void => {};
    this.#device = new Promise((resolve) => (release = resolve));
    try {
      return await this.#process(given, signal, turn, release);
    } finally {
      // Also when preprocess threw: the turn has to pass on, after those before it.
      void turn.then(release);
    }
  }

  async #process(given: Block, signal: AbortSignal, turn: Promise<void>, release: () => void): Promise<BlockResult> {
    const predictor = this.#predictor;
    const failures: RowFailure[] = [];
    const phase = { predictor, spec: this.#request.spec, bisect: this.#policy.bisect, signal, failures };
    const collapsed = this.#policy.collapse && predictor.rows === "same" && !predictor.stateful ? collapseRows(given) : undefined;
    const block = collapsed === undefined ? given : takeRows(given, collapsed.distinct);

    let began = this.#enter("preprocess");
    let prepared: TracedBlock = { block, rows: identity(block.rows) };
    try {
      if (predictor.preprocess) prepared = await runPhase({ ...phase, name: "preprocess", run: (rows) => predictor.preprocess?.(rows, signal) as Promise<Block> }, prepared);
    } finally {
      this.#leave("preprocess");
    }
    const preprocessMs = this.#clock.now() - began;

    await turn;
    if (signal.aborted) throw signal.reason;
    began = this.#enter("predict");
    const traces: BatchTrace[] = [];
    let predicted: TracedBlock;
    try {
      predicted = await this.#predict(prepared, failures, traces, signal, release);
    } finally {
      this.#leave("predict");
      release();
    }
    const predictedAt = this.#clock.now();
    const predictMs = predictedAt - Math.max(began, this.#blockEndedAt);
    this.#blockEndedAt = predictedAt;

    began = this.#enter("postprocess");
    try {
      if (predictor.postprocess) predicted = await runPhase({ ...phase, name: "postprocess", run: (rows) => predictor.postprocess?.(rows, signal) as Promise<Block> }, predicted);
    } finally {
      this.#leave("postprocess");
    }
    const postprocessMs = this.#clock.now() - began;
    if (predicted.block.rows > 0) checkPromisedColumns(predicted.block, this.#request.spec);

    const result = collapsed === undefined ? { block: predicted.block, failures } : fannedOut(predicted, failures, collapsed.indexOf);
    return {
      block: { ...result.block, lineage: given.lineage },
      failures: result.failures.toSorted((a, b) => a.row - b.row),
      batches: traces,
      preprocessMs, predictMs, postprocessMs,
      counts: this.#takeCounts(),
      batchRows: traces.reduce((most, batch) => Math.max(most, batch.rows), 0),
      collapsedRows: given.rows - block.rows,
    };
  }

  async #predict(prepared: TracedBlock, failures: RowFailure[], traces: BatchTrace[], signal: AbortSignal, release: () => void): Promise<TracedBlock> {
    const { block, rows } = prepared;
    const costed = this.#predictor.stateful || this.#predictor.cost === undefined || block.rows === 0 ? undefined : rowCosts(this.#predictor, block, this.#request.spec);
    const costs = costed?.costs;
    for (const failure of costed?.failures ?? []) failures.push({ ...failure, row: rows[failure.row] ?? failure.row });
    this.#size ??= this.#startSize(costs !== undefined);
    const parts: ResultPart[] = [];
    const run: BlockPrediction = {
      predictor: this.#predictor, spec: this.#request.spec, bisect: this.#policy.bisect, signal,
      prepared: block, givenRow: (row) => rows[row] ?? row, parts, failures, traces,
      begin: (batch) => this.#begin(rowRange(run, batch)),
      done: (batch, ms) => this.#learn(batch, ms, costs),
      outOfMemory: (batch) => this.#shrink(batch, costs),
    };
    this.#predicting.push(run);
    try {
      await this.#predictBatches(run, costed, release);
    } finally {
      this.#predicting.splice(this.#predicting.indexOf(run), 1);
    }
    if (this.#predictor.rows === "any") return { block: concatBlocks(parts.map((part) => part.block)), rows: new Int32Array() };
    const gathered = gatherRows(parts, block.lineage);
    return { block: gathered.block, rows: gathered.rows.map((row) => rows[row] ?? row) };
  }

  async #predictBatches(run: BlockPrediction, costed: RowCosts | undefined, release: () => void): Promise<void> {
    const costs = costed?.costs;
    const uncosted = new Set(costed?.failures.map(({ row }) => row));
    const order = costs === undefined ? identity(run.prepared.rows) : dearestFirst(costs).filter((row) => !uncosted.has(row));
    // Where calls may overlap, the next batch, the next block's first too, is made while the device works on this one.
    let ahead: StartedBatch | undefined;
    let cutFor: number | undefined;
    let ends: Int32Array = new Int32Array();
    for (let at = 0; at < order.length; ) {
      // What batches teach changes the size in the middle of a block.
      if (cutFor !== this.#size?.size) ends = cutBatches(order, at, this.#limits(), this.#packsByCost ? costs : undefined);
      cutFor = this.#size?.size;
      const end = ends[at] as number;
      const started = startBatch(run, order.subarray(at, end));
      at = end;
      const oldest: StartedBatch | undefined = this.#overlaps ? ahead : started;
      ahead = this.#overlaps ? started : undefined;
      if (oldest !== undefined) await settleBatch(run, oldest);
    }
    if (ahead !== undefined) {
      release();
      await settleBatch(run, ahead);
    }
  }

  get #overlaps(): boolean {
    return this.#predictor.overlaps === true && !this.#predictor.stateful && this.#request.spec.kind === "declarative";
  }

  #startSize(hasCost: boolean): BatchSize {
    const { batchSize, maxBatchCost, maxBatchRows } = this.#policy;
    // A row count that was asked for is kept; a budget beside it only when that was asked for too.
    this.#packsByCost = hasCost && maxBatchCost !== undefined && (typeof maxBatchCost === "number" || batchSize === "auto");
    this.#rowLimit = typeof batchSize === "number" ? batchSize : maxBatchRows;
    if (!this.#packsByCost) return typeof batchSize === "number" ? fixedBatchSize(batchSize) : climbingBatchSize(firstBatchRows, maxBatchRows);
    return typeof maxBatchCost === "number" ? fixedBatchSize(maxBatchCost) : climbingBatchSize(firstBatchCost, Infinity);
  }

  #limits(): { rows: number; cost: number } {
    const size = this.#size?.size ?? firstBatchRows;
    return this.#packsByCost ? { rows: this.#rowLimit, cost: size } : { rows: Math.min(size, this.#rowLimit), cost: Infinity };
  }

  #learn(batch: Int32Array, ms: number, costs: ArrayLike<number> | undefined): void {
    const byCost = this.#packsByCost && costs !== undefined;
    const work = byCost ? sumOfCosts(batch, costs) : batch.length;
    const filled = byCost ? paddedCost(batch, costs) : batch.length;
    if (this.#size !== undefined) this.#size = afterBatch(this.#size, { filled, work, ms });
  }

  #shrink(batch: Int32Array, costs: ArrayLike<number> | undefined): void {
    const filled = this.#packsByCost && costs !== undefined ? paddedCost(batch, costs) : batch.length;
    // One row that does not fit teaches nothing about the others.
    if (this.#size !== undefined && batch.length > 1) this.#size = afterOutOfMemory(this.#size, filled);
  }

  #takeCounts(): Record<string, number> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }

  #enter(phase: WorkingPhase): number {
    this.#open[phase]++;
    this.#report(phase);
    return this.#clock.now();
  }

  #leave(phase: WorkingPhase): void {
    this.#open[phase]--;
    this.#report();
  }

  #begin(rows: readonly [number, number]): () => number {
    const began = this.#clock.now();
    if (this.#underWay.push(rows) === 1) this.#report("predict", rows);
    return () => {
      const ended = this.#clock.now();
      const ms = ended - Math.max(began, this.#batchEndedAt);
      this.#batchEndedAt = ended;
      const at = this.#underWay.indexOf(rows);
      this.#underWay.splice(at, 1);
      const [oldest] = this.#underWay;
      // What waited behind it is on the device only now.
      if (at === 0 && oldest !== undefined) this.#report("predict", oldest);
      return ms;
    };
  }

  #report(phase?: WorkingPhase, rows?: readonly [number, number]): void {
    const open = this.#open;
    const shown = open.predict > 0 ? "predict" : (phase ?? (open.preprocess > 0 ? "preprocess" : open.postprocess > 0 ? "postprocess" : "idle"));
    // Who asks what an actor died over must know it whatever else began meanwhile.
    const shownRows = rows ?? this.#underWay[0];
    const [oldest] = this.#predicting;
    const done = oldest === undefined ? 0 : oldest.failures.length + oldest.parts.reduce((sum, part) => sum + part.rows.length, 0);
    this.#onProgress({ phase: shown, ticks: ++this.#ticks, ...(shownRows === undefined ? {} : { rows: shownRows }), ...(done === 0 ? {} : { done }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#predictor.dispose?.();
  }
}

/** Gives each row of the block what its distinct row got. */
function fannedOut(predicted: TracedBlock, failures: readonly RowFailure[], indexOf: Int32Array): { block: Block; failures: RowFailure[] } {
  const resultOf = new Map<number, number>();
  predicted.rows.forEach((distinct, at) => resultOf.set(distinct, at));
  const failureOf = new Map(failures.map((failure) => [failure.row, failure]));
  const rows: number[] = [];
  const all: RowFailure[] = [];
  indexOf.forEach((distinct, row) => {
    const at = resultOf.get(distinct);
    const failure = failureOf.get(distinct);
    if (at !== undefined) rows.push(at);
    else if (failure !== undefined) all.push({ ...failure, row });
    else throw new ShoalError("rows-not-conserved", `Row ${row} of a block came out of its predictor neither done nor failed.`, { failure: "bug", hint: "This is a mistake in Shoal; please report it with the plan (explain())." });
  });
  return { block: takeRows(predicted.block, rows), failures: all };
}
