import {
  concatBlocks, failureClass, ShoalError, sliceBlock, stackFrames, takeRows,
  type BatchTrace, type Block, type ErrorData, type FailureClass, type Predictor, type PredictorSpec, type RowFailure,
} from "@shoal/core";
import { withPlace } from "../errors/with-place.ts";
import { checkResult } from "./check-result.ts";
import type { ResultPart } from "./gather-rows.ts";
import { ownCopy } from "./own-copy.ts";

/** A block, or a piece of one, being predicted: what the batches need, and what they leave behind. */
export interface BlockPrediction {
  readonly predictor: Predictor;
  readonly spec: PredictorSpec;
  readonly bisect: boolean;
  readonly signal: AbortSignal;
  /** What `preprocess` gave. */
  readonly prepared: Block;
  /** How many rows of earlier pieces `preprocess` gave: where those of this one begin in `parts`. */
  readonly firstRow: number;
  /** Row of `prepared` → row of the block that was given. */
  readonly givenRow: (row: number) => number;
  readonly parts: ResultPart[];
  readonly failures: RowFailure[];
  readonly traces: BatchTrace[];
  /** Told before each call, so that a watchdog sees which rows are under way; what it gives is called after it, and says how long it took. */
  readonly begin: (rows: Int32Array) => () => number;
  readonly done: (rows: Int32Array, ms: number) => void;
  readonly outOfMemory: (rows: Int32Array) => void;
}

/** A batch whose `predict` was called. */
export interface StartedBatch {
  readonly rows: Int32Array;
  readonly batch: Block;
  readonly attempt: number;
  /** Never rejects. */
  readonly outcome: Promise<{ readonly ms: number } & ({ readonly result: Block } | { readonly error: unknown })>;
}

/** Calls `predict` for some rows. @throws the signal's reason */
export function startBatch(run: BlockPrediction, rows: Int32Array, attempt = 1): StartedBatch {
  if (run.signal.aborted) throw run.signal.reason;
  const given = batchOf(run.prepared, rows);
  // What can't be predicted again in parts needs no second copy.
  const batch = rows.length > 1 && !run.predictor.stateful ? ownCopy(given, run.spec) : given;
  const end = run.begin(rows);
  const outcome = callPredict(run, batch).then((result) => ({ ms: end(), result }), (error: unknown) => ({ ms: end(), error }));
  return { rows, batch, attempt, outcome };
}

/**
 * Waits for a batch, and on failure finds what is to blame: out of memory halves it, any other failure of the data is bisected to
 * the guilty rows. A row that failed alone is a failure; losses of the device or the actor are thrown, for they are nobody's fault here.
 */
export async function settleBatch(run: BlockPrediction, { rows, batch, attempt, outcome }: StartedBatch): Promise<void> {
  const ended = await outcome;
  const { ms } = ended;
  try {
    if ("error" in ended) throw ended.error;
    const { result } = ended;
    checkResult(result, batch, run.spec, run.predictor.rows === "same", describeRows(run, rows));
    trace(run, rows, ms, false, attempt);
    run.parts.push({ block: result, rows: run.firstRow === 0 ? rows : rows.map((row) => row + run.firstRow) });
  } catch (failure) {
    trace(run, rows, ms, true, attempt);
    await blame(run, rows, attempt, failure);
  }
}

function trace(run: BlockPrediction, rows: Int32Array, ms: number, failed: boolean, attempt: number): void {
  run.traces.push({ rows: rows.length, ms, failed, ...(attempt > 1 ? { part: true } : {}) });
  if (!failed && attempt === 1) run.done(rows, ms);
}

async function blame(run: BlockPrediction, rows: Int32Array, attempt: number, error: unknown): Promise<void> {
  if (run.signal.aborted) throw run.signal.reason;
  const failure = failureClass(error);
  if (endsActor(failure)) throw ShoalError.from(error);
  if (failure === "oom") run.outOfMemory(rows);
  if (rows.length > 1 && maySplit(run, failure)) {
    const middle = Math.ceil(rows.length / 2);
    for (const half of [rows.subarray(0, middle), rows.subarray(middle)]) await settleBatch(run, startBatch(run, half, attempt + 1));
    return;
  }
  const data = failureData(error, failure);
  for (const row of rows) run.failures.push({ row: run.givenRow(row), error: data, attempts: attempt });
}

/** Whose fault it is can't be seen from in here: the same rows may pass on a new actor. */
export function endsActor(failure: FailureClass): boolean {
  return failure === "device-lost" || failure === "worker-lost" || failure === "timeout" || failure === "aborted";
}

function maySplit({ predictor, bisect }: BlockPrediction, failure: FailureClass): boolean {
  if (predictor.stateful) return false;
  if (failure === "oom") return true;
  // A mistake in the code fails on every row alike.
  return bisect && predictor.rows === "same" && failure !== "bug";
}

export function failureData(error: unknown, failure: FailureClass = failureClass(error)): ErrorData {
  const data = ShoalError.from(error, "predictor-failed").toData();
  // What is thrown in here, by a session say, was asked for in there: nobody else's code is below an actor.
  const at = stackFrames(data.stack).find(({ owner }) => owner === "user")?.position;
  return withPlace(data.failure === failure ? data : { ...data, failure }, at);
}

async function callPredict({ predictor, signal }: BlockPrediction, batch: Block): Promise<Block> {
  const result = predictor.predict(batch, signal);
  if (!(Symbol.asyncIterator in result)) return result;
  const pieces: Block[] = [];
  for await (const piece of result) pieces.push(piece);
  return concatBlocks(pieces);
}

function batchOf(block: Block, rows: Int32Array): Block {
  const first = rows[0] as number;
  for (let at = 1; at < rows.length; at++) if (rows[at] !== first + at) return takeRows(block, rows);
  return sliceBlock(block, first, first + rows.length);
}

function describeRows(run: BlockPrediction, rows: Int32Array): string {
  const [first, last] = rowRange(run, rows);
  return first === last ? `row ${first} of its block` : `rows ${first}–${last} of their block`;
}

export function rowRange({ givenRow }: Pick<BlockPrediction, "givenRow">, rows: Int32Array): [number, number] {
  let first = Infinity;
  let last = -1;
  for (const row of rows) {
    const given = givenRow(row);
    if (given < first) first = given;
    if (given > last) last = given;
  }
  return [first, last];
}
