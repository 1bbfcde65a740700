import type { BatchFormat, BatchPolicy, Datasource, Device, PredictorSpec } from "@shoal/core";
import type { BatchFunction, ColumnFunction, FilterFunction, FlatMapFunction, FunctionStep, MapFunction, OnError } from "../logical/logical-operator.ts";

/** Reads the partitions of a source, in order. */
export interface Scan {
  readonly kind: "scan";
  readonly source: Datasource<unknown>;
  readonly columns?: readonly string[];
  readonly limit?: number;
}

/** One step of a fused pass over rows. */
export type RowStep = { readonly onError?: OnError } & (
  | { readonly kind: "map"; readonly step: FunctionStep<MapFunction> }
  | { readonly kind: "flat-map"; readonly step: FunctionStep<FlatMapFunction> }
  | { readonly kind: "filter"; readonly step: FunctionStep<FilterFunction> }
  | { readonly kind: "with-column"; readonly name: string; readonly step: FunctionStep<ColumnFunction> }
);

/** Neighbouring closures over rows, in one pass. */
export interface RowFunctions {
  readonly kind: "row-functions";
  readonly input: PhysicalOperator;
  readonly steps: readonly RowStep[];
}

/** A closure over batches. Its input has been re-cut. */
export interface BatchFunctionStage {
  readonly kind: "batch-function";
  readonly input: PhysicalOperator;
  readonly step: FunctionStep<BatchFunction>;
  readonly batchSize: number | "auto";
  readonly batchFormat: BatchFormat;
  readonly onError?: OnError;
}

/** Columns chosen and renamed: `[from, to]`. With `rest`, every other column stays, in its place; `drop` names those that do not. */
export interface Project {
  readonly kind: "project";
  readonly input: PhysicalOperator;
  readonly columns: readonly (readonly [from: string, to: string])[];
  readonly rest: boolean;
  readonly drop: readonly string[];
}

/**
 * Re-cuts blocks so that a batch never spans two. `multipleOf`: every block but the last holds a multiple of it. Blocks grow from
 * `firstRows`, doubling, up to `maxRows`, so that the first row comes early. `blocks`: so many blocks of near-equal size (waits for the count).
 */
export interface Recut {
  readonly kind: "recut";
  readonly input: PhysicalOperator;
  readonly multipleOf: number;
  readonly firstRows: number;
  readonly maxRows: number;
  readonly blocks?: number;
}

/** A pool of actors around one predictor. */
export interface ActorPoolStage {
  readonly kind: "actor-pool";
  readonly input: PhysicalOperator;
  readonly spec: PredictorSpec;
  readonly policy: BatchPolicy;
  /** The predictor's phases, which overlap. */
  readonly stages: readonly string[];
  readonly minActors: number;
  readonly maxActors: number;
  readonly numCpus: number;
  readonly numGpus: number;
  readonly memory: number;
  readonly device: Device;
  readonly onError?: OnError;
  readonly timeoutMs?: number;
  readonly maxAttempts: number;
  readonly recycleAfterBatches?: number;
  /** False trades order for latency. */
  readonly preserveOrder: boolean;
}

/** Hands on the first rows and ends everything upstream. */
export interface LimitStage {
  readonly kind: "limit";
  readonly input: PhysicalOperator;
  readonly rows: number;
}
/** One input after the other. */
export interface UnionStage {
  readonly kind: "union";
  readonly inputs: readonly PhysicalOperator[];
}
/** Two inputs beside each other, row by row. */
export interface ZipStage {
  readonly kind: "zip";
  readonly inputs: readonly [PhysicalOperator, PhysicalOperator];
}

/** What will run. */
export type PhysicalOperator = Scan | RowFunctions | BatchFunctionStage | Project | Recut | ActorPoolStage | LimitStage | UnionStage | ZipStage;

/** The physical operators an operator reads from. */
export function physicalInputsOf(operator: PhysicalOperator): readonly PhysicalOperator[] {
  if (operator.kind === "scan") return [];
  return "inputs" in operator ? operator.inputs : [operator.input];
}

/** The same operator over other inputs; the very same object when they are the same. */
function withPhysicalInputs(operator: PhysicalOperator, inputs: readonly PhysicalOperator[]): PhysicalOperator {
  if (physicalInputsOf(operator).every((input, at) => input === inputs[at])) return operator;
  return ("inputs" in operator ? { ...operator, inputs } : { ...operator, input: inputs[0] }) as PhysicalOperator;
}

/** Rewrites from the leaves up. Returns the very object it was given when nothing changed. */
export function transformPhysicalUp(operator: PhysicalOperator, change: (operator: PhysicalOperator) => PhysicalOperator): PhysicalOperator {
  return change(withPhysicalInputs(operator, physicalInputsOf(operator).map((input) => transformPhysicalUp(input, change))));
}
