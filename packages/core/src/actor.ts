import type { Block } from "./block.ts";
import type { Device } from "./device.ts";
import type { ActorContext, Predictor, PredictorSpec } from "./predictor.ts";
import type { ErrorData } from "./shoal-error.ts";

/** How an actor cuts a block into batches, and what it does when one fails. JSON. */
export interface BatchPolicy {
  /** Rows of a batch, exact (blocks come as multiples of it), or `"auto"`: climbs while rows/s rises. */
  readonly batchSize: number | "auto";
  /** The most a batch may cost, padded to its dearest row; only for predictors with a cost. `"auto"` climbs. */
  readonly maxBatchCost?: number | "auto";
  /** Ceiling for `"auto"`. */
  readonly maxBatchRows: number;
  /** Predict each distinct row of a block once. */
  readonly collapse: boolean;
  /** Bisect a failing batch to the rows that fail; otherwise the batch fails whole. */
  readonly bisect: boolean;
}

/** What a host needs to make an actor. JSON: it crosses processes. */
export interface ActorRequest {
  readonly spec: PredictorSpec;
  readonly policy: BatchPolicy;
  readonly device: Device;
  readonly deviceIndex: number;
  readonly threads: number;
}

/** Rows that a predictor could not do. `row` counts within the block that was given. */
export interface RowFailure {
  readonly row: number;
  readonly error: ErrorData;
  /** How often this row was tried. */
  readonly attempts: number;
}

/** One `predict` call. */
export interface BatchTrace {
  readonly rows: number;
  readonly ms: number;
  /** True when the call threw. */
  readonly failed: boolean;
  /** A part of a batch that had failed, tried again. */
  readonly part?: boolean;
}

/** What became of one block. With `rows: "same"`, `block` holds the rows that succeeded, in order; the others are in `failures`. */
export interface BlockResult {
  readonly block: Block;
  readonly failures: readonly RowFailure[];
  readonly batches: readonly BatchTrace[];
  /** Time in each phase, milliseconds. */
  readonly preprocessMs: number;
  readonly predictMs: number;
  readonly postprocessMs: number;
  /** What the predictor counted while it had this block. */
  readonly counts: Readonly<Record<string, number>>;
  /** The batch size reached, and what it learned: shown in the report. */
  readonly batchRows: number;
  /** Rows that `collapse` spared. */
  readonly collapsedRows: number;
  readonly memoryBytes?: number;
}

/** Where an actor stands; a watchdog outside reads it. */
export interface ActorProgress {
  readonly phase: "idle" | "preprocess" | "predict" | "postprocess";
  /** Rows of the current batch, counted within its block: first and last. */
  readonly rows?: readonly [number, number];
  /** Rows of the block on the device that are done. */
  readonly done?: number;
  /** Goes up with every batch begun or ended: unchanged means no progress. */
  readonly ticks: number;
}

/** How an actor ended. */
export interface CloseReason {
  readonly code: "disposed" | "killed" | "crashed";
  /** As in `exit code 134` or `SIGKILL`. */
  readonly detail: string;
}

/** A loaded predictor somewhere. */
export interface Actor extends AsyncDisposable {
  /** As in `sentiment#2`. */
  readonly id: string;
  /** Settles once, when the actor is gone, whatever the reason. Calls that were open then reject with `worker-lost`. */
  readonly closed: Promise<CloseReason>;
  readonly progress: ActorProgress;
  /** How long loading took, milliseconds. */
  readonly loadMs: number;
  /** The device it really uses. */
  readonly device: string;
  /** Up to two blocks may be open at once: the second is preprocessed while the first predicts. */
  process(block: Block, signal: AbortSignal): Promise<BlockResult>;
  /** Ends it at once, in the middle of a run too. Settles when it is gone. */
  kill(reason: string): Promise<void>;
}

/** A place that can hold actors: this process, child processes, workers, another machine. */
export interface ActorHost extends AsyncDisposable {
  readonly name: string;
  /** Settles when the predictor is loaded. @throws what its setup threw, `worker-lost` when the actor died before. */
  spawn(request: ActorRequest, signal: AbortSignal): Promise<Actor>;
  /**
   * So many actors for a predictor will soon be asked for: what they are started with can begin already, while the job gets ready. Only a hint; what
   * comes of it ends with the host. Absent where nothing can be had ahead.
   */
  prepare?(spec: PredictorSpec, actors: number): void;
}

/** A predictor running inside an actor, with its batching: the side of the border where the model is. */
export interface ActorRuntime extends AsyncDisposable {
  process(block: Block, signal: AbortSignal): Promise<BlockResult>;
}

/**
 * Turns a predictor into an {@link ActorRuntime}. The executor has the one implementation; hosts get it from the entry file in which
 * host, backends and executor meet.
 */
export type StartActor = (predictor: Predictor, request: ActorRequest, onProgress: (progress: ActorProgress) => void, counts: Map<string, number>) => ActorRuntime;

/** Makes the predictor that a spec describes. */
export type LoadPredictor = (spec: PredictorSpec, actor: ActorContext) => Promise<Predictor>;
