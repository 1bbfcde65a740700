import {
  concatBlocks, ShoalError, systemClock, takeRows,
  type ActorProgress, type ActorRequest, type ActorRuntime, type BatchPolicy, type BatchTrace, type Block, type BlockResult, type Clock,
  type Predictor, type RowFailure, type StartActor,
} from "@shoal/core";
import { afterBatch, afterOutOfMemory, climbingBatchSize, fixedBatchSize, type BatchSize } from "./batch-size.ts";
import { checkPromisedColumns } from "./check-result.ts";
import { collapseRows } from "./collapse-rows.ts";
import { RunAhead } from "../streams/run-ahead.ts";
import { concatRows, gatherRows, identity, type ResultPart } from "./gather-rows.ts";
import { cutBatches, dearestFirst, paddedCost, sumOfCosts } from "./pack-batches.ts";
import { rowCosts } from "./row-costs.ts";
import { PiecePreparer, type PreparedPiece } from "./prepare-pieces.ts";
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
/** Batches that still climb have room to: a piece of a block holds so many rows at least. */
const leastPieceRows = 64;
type WorkingPhase = Exclude<ActorProgress["phase"], "idle">;

/** What all pieces of a block share. */
type PredictedBlock = Pick<BlockPrediction, "predictor" | "spec" | "bisect" | "signal" | "parts" | "failures" | "traces">;

/** A batch on the device, and the rows that it is of. */
interface BatchAhead {
  readonly run: BlockPrediction;
  readonly batch: StartedBatch;
}

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
  /** What became of the rows of the blocks being predicted, oldest first. */
  readonly #predicting: PredictedBlock[] = [];
  readonly #preparer: PiecePreparer;
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
    this.#preparer = new PiecePreparer(clock, request.policy.maxBatchRows);
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

    let preprocessMs = 0;
    const pieces = predictor.preprocess === undefined ? undefined : new RunAhead(this.#preparer.pieces({
      phase, block, batchRows: () => this.#pieceRows(),
      onBegin: () => void this.#enter("preprocess"),
      onEnd: (ms) => {
        preprocessMs = ms;
        this.#leave("preprocess");
      },
    }));
    const traces: BatchTrace[] = [];
    let predicted: TracedBlock;
    let predictMs: number;
    try {
      const first = pieces === undefined ? { block, rows: identity(block.rows), last: true } : ((await pieces.next()) as PreparedPiece);
      await turn;
      if (signal.aborted) throw signal.reason;
      const began = this.#enter("predict");
      let waitedMs = 0;
      try {
        ({ waitedMs, ...predicted } = await this.#predict(first, pieces, block.lineage, failures, traces, signal, release));
      } finally {
        this.#leave("predict");
        release();
      }
      const predictedAt = this.#clock.now();
      predictMs = Math.max(0, predictedAt - Math.max(began, this.#blockEndedAt) - waitedMs);
      this.#blockEndedAt = predictedAt;
    } finally {
      pieces?.stop();
    }

    const began = this.#enter("postprocess");
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

  /** @returns what the block's rows gave, and how long the device had to wait for pieces that were not ready. */
  async #predict(first: PreparedPiece, pieces: RunAhead<PreparedPiece> | undefined, lineage: Block["lineage"], failures: RowFailure[], traces: BatchTrace[], signal: AbortSignal, release: () => void): Promise<TracedBlock & { waitedMs: number }> {
    const parts: ResultPart[] = [];
    const given: Int32Array[] = [];
    const block = { predictor: this.#predictor, spec: this.#request.spec, bisect: this.#policy.bisect, signal, parts, failures, traces };
    let firstRow = 0;
    let waitedMs = 0;
    // Where calls may overlap, the next batch, of another piece or block too, is made while the device works on this one.
    let ahead: BatchAhead | undefined;
    this.#predicting.push(block);
    try {
      for (let piece = first; ; ) {
        given.push(piece.rows);
        ahead = await this.#predictBatches(block, piece, firstRow, ahead);
        firstRow += piece.block.rows;
        if (ahead !== undefined && (piece.last || pieces?.isReady !== true)) {
          if (piece.last) release();
          await settleBatch(ahead.run, ahead.batch);
          ahead = undefined;
        }
        if (piece.last || pieces === undefined) break;
        const next = await this.#nextPiece(pieces);
        waitedMs += next.waitedMs;
        ({ piece } = next);
      }
    } finally {
      this.#predicting.splice(this.#predicting.indexOf(block), 1);
    }
    if (this.#predictor.rows === "any") return { block: concatBlocks(parts.map((part) => part.block)), rows: new Int32Array(), waitedMs };
    const gathered = gatherRows(parts, lineage);
    const givenRows = concatRows(given);
    return { block: gathered.block, rows: gathered.rows.map((row) => givenRows[row] ?? row), waitedMs };
  }

  /** Nothing is being predicted while it waits. */
  async #nextPiece(pieces: RunAhead<PreparedPiece>): Promise<{ readonly piece: PreparedPiece; readonly waitedMs: number }> {
    const waits = !pieces.isReady;
    if (waits) this.#leave("predict");
    const from = Math.max(this.#clock.now(), this.#blockEndedAt);
    try {
      const piece = (await pieces.next()) as PreparedPiece;
      return { piece, waitedMs: Math.max(0, this.#clock.now() - from) };
    } finally {
      if (waits) this.#enter("predict");
    }
  }

  /** @returns the batch that is still under way */
  async #predictBatches(block: PredictedBlock, { block: prepared, rows }: TracedBlock, firstRow: number, before: BatchAhead | undefined): Promise<BatchAhead | undefined> {
    const costed = this.#predictor.stateful || this.#predictor.cost === undefined || prepared.rows === 0 ? undefined : rowCosts(this.#predictor, prepared, this.#request.spec);
    const costs = costed?.costs;
    const givenRow = (row: number): number => rows[row] ?? row;
    for (const failure of costed?.failures ?? []) block.failures.push({ ...failure, row: givenRow(failure.row) });
    const run: BlockPrediction = {
      ...block, prepared, firstRow, givenRow,
      begin: (batch) => this.#begin(rowRange(run, batch)),
      done: (batch, ms) => this.#learn(batch, ms, costs),
      outOfMemory: (batch) => this.#shrink(batch, costs),
    };
    this.#size ??= this.#startSize(costs !== undefined);
    const uncosted = new Set(costed?.failures.map(({ row }) => row));
    const order = costs === undefined ? identity(prepared.rows) : dearestFirst(costs).filter((row) => !uncosted.has(row));
    let ahead = before;
    let cutFor: number | undefined;
    let ends: Int32Array = new Int32Array();
    for (let at = 0; at < order.length; ) {
      // What batches teach changes the size in the middle of a block.
      if (cutFor !== this.#size?.size) ends = cutBatches(order, at, this.#limits(), this.#packsByCost ? costs : undefined);
      cutFor = this.#size?.size;
      const end = ends[at] as number;
      const started = { run, batch: startBatch(run, order.subarray(at, end)) };
      at = end;
      const oldest: BatchAhead | undefined = this.#overlaps ? ahead : started;
      ahead = this.#overlaps ? started : undefined;
      if (oldest !== undefined) await settleBatch(oldest.run, oldest.batch);
    }
    return ahead;
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

  /** Of a piece of a block: whole batches, as large as they may be by now. */
  #pieceRows(): number {
    const { batchSize } = this.#policy;
    return typeof batchSize === "number" ? batchSize : Math.max(leastPieceRows, this.#limits().rows);
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
