import type { Block } from "./block.ts";
import type { BatchFormat } from "./batch.ts";
import type { Device } from "./device.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Logger } from "./logger.ts";
import type { OnnxLoader } from "./onnx/onnx-session.ts";

/** What an actor offers its predictor. */
export interface ActorContext {
  /** Never `"auto"`: the device that was chosen. */
  readonly device: Exclude<Device, "auto">;
  /** Which of several GPUs; 0 where there is one or none. */
  readonly deviceIndex: number;
  /** Threads this actor may use for one operation: cores ÷ actors. */
  readonly threads: number;
  /** Aborted when the actor is to end. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Loads an ONNX model on this actor's device. */
  readonly onnx: OnnxLoader;
  /** Adds to a named number of the run report, as `realTokens` and `paddedTokens`. */
  count(name: string, amount: number): void;
}

/**
 * A predictor as it stands in an actor: blocks in, blocks out. `postprocess` (CPU) sees a whole block, `preprocess` (CPU) too, or a few batches of it, `predict`
 * (device) the rows of one batch, with the columns that `preprocess` gave. Each keeps the row count unless `rows` is `"any"`.
 */
export interface Predictor {
  readonly rows: "same" | "any";
  /** One actor, source order, no packing, no bisecting. */
  readonly stateful: boolean;
  /**
   * `predict` may be called again while the last call is under way, and works on one after the other: the next batch is then made ready
   * while the device is busy. Only declarative predictors are taken at their word.
   */
  readonly overlaps?: boolean;
  preprocess?(block: Block, signal: AbortSignal): Promise<Block>;
  /** What each row (as `preprocess` left it) costs, in tokens, pixels …: the unit of `maxBatchCost`. */
  cost?(block: Block): ArrayLike<number>;
  predict(batch: Block, signal: AbortSignal): Promise<Block> | AsyncIterable<Block>;
  postprocess?(block: Block, signal: AbortSignal): Promise<Block>;
  dispose?(): Promise<void> | void;
}

/** Pure data: it can run anywhere, a stranger's tab included. */
export interface DeclarativePredictorSpec {
  readonly kind: "declarative";
  /** How messages and plans name it, as in `text-generation(storyteller)`. */
  readonly name: string;
  /** Which backend loads it: `"transformers"`, `"onnx"`. */
  readonly backend: string;
  readonly task: string;
  /** A hub id, a directory, a file or a URL. */
  readonly model: string;
  readonly options: JsonObject;
  /** The columns it reads: only they travel to the actor. */
  readonly reads: readonly string[];
  /** The columns it adds to each row. */
  readonly adds: readonly string[];
  /** Has a `cost`, in this unit. */
  readonly costUnit?: string;
  readonly phases: readonly PredictorPhase[];
  /** Options to choose from by measuring, beside the device: each replaces some of `options`. Results of the first are taken for right. */
  readonly variants?: readonly JsonObject[];
}

/** A predictor of the user's own, found by importing a module. */
export interface ModulePredictorSpec {
  readonly kind: "module";
  readonly name: string;
  /** URL of the module that calls `definePredictor`. */
  readonly module: string;
  readonly export: string;
  readonly args: Json;
  readonly batchFormat: BatchFormat;
  readonly rows: "same" | "any";
  readonly stateful: boolean;
  readonly costUnit?: string;
  readonly phases: readonly PredictorPhase[];
}

/** The parts of a predictor, in the order in which a block goes through them. */
export type PredictorPhase = "preprocess" | "predict" | "postprocess";

/** The serialisable description of a predictor. */
export type PredictorSpec = DeclarativePredictorSpec | ModulePredictorSpec;

/** A spec with its row types: what `mapBatches` takes. `adds`: its columns join the row; otherwise they replace it. */
export interface PredictorStep<In, Out, Args = undefined, Mode extends "adds" | "replaces" = "adds" | "replaces"> {
  readonly spec: PredictorSpec;
  readonly mode: Mode;
  /** Only for the type checker. */
  readonly types?: { readonly input: (row: In) => void; readonly output: Out; readonly args: Args };
}

/** Whether a value was made by `definePredictor` or by a function such as `textGeneration`. */
export function isPredictorStep(value: unknown): value is PredictorStep<unknown, unknown, unknown> {
  return typeof value === "object" && value !== null && "spec" in value && "mode" in value;
}
