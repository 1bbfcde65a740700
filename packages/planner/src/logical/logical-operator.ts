import type { BatchFormat, Datasource, Device, PredictorSpec, Row } from "@shoal/core";

/** What becomes of rows that fail: the run stops, they are left out, their new columns are null, or they go to the dead-letter file. */
export type OnError = "fail" | "skip" | "null" | "deadLetter";

/** A closure with what identifies it: its source text, and a `version` of the user's for what the text can't show. */
export interface FunctionStep<F> {
  readonly run: F;
  readonly name: string;
  readonly version?: string;
}

/** What a function may give: a value, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>;
/** One row to one row. */
export type MapFunction = (row: Row) => MaybePromise<Row>;
/** One row to any number of rows, in order. */
export type FlatMapFunction = (row: Row) => MaybePromise<Iterable<Row>> | AsyncIterable<Row>;
/** Whether a row stays. */
export type FilterFunction = (row: Row) => MaybePromise<boolean>;
/** The value of one column for a row. */
export type ColumnFunction = (row: Row) => MaybePromise<unknown>;
/** One batch, in the format asked for, to what follows: columns, row objects, an Arrow table, or a promise of one. */
export type BatchFunction = (batch: unknown) => unknown;

/** The leaf of every plan: rows of a source. */
export interface Read {
  readonly kind: "read";
  readonly source: Datasource<unknown>;
  /** Set by rules: what is needed of it. */
  readonly columns?: readonly string[];
  readonly limit?: number;
}
/** One row to one row, by a closure. */
export interface MapRows {
  readonly kind: "map";
  readonly input: LogicalOperator;
  readonly step: FunctionStep<MapFunction>;
  readonly onError?: OnError;
}
/** One row to any number of rows, by a closure. */
export interface FlatMapRows {
  readonly kind: "flat-map";
  readonly input: LogicalOperator;
  readonly step: FunctionStep<FlatMapFunction>;
  readonly onError?: OnError;
}
/** Keeps the rows for which a closure gives true. */
export interface FilterRows {
  readonly kind: "filter";
  readonly input: LogicalOperator;
  readonly step: FunctionStep<FilterFunction>;
  readonly onError?: OnError;
}
/** Adds a column, or replaces the one of that name, by a closure over rows. */
export interface WithColumn {
  readonly kind: "with-column";
  readonly input: LogicalOperator;
  readonly name: string;
  readonly step: FunctionStep<ColumnFunction>;
  readonly onError?: OnError;
}
/** A batch function: a closure over batches, run where it is written. */
export interface MapBatches {
  readonly kind: "map-batches";
  readonly input: LogicalOperator;
  readonly step: FunctionStep<BatchFunction>;
  readonly batchSize: number | "auto";
  readonly batchFormat: BatchFormat;
  readonly onError?: OnError;
}
/** A predictor, run by a pool of actors. */
export interface Predict {
  readonly kind: "predict";
  readonly input: LogicalOperator;
  readonly spec: PredictorSpec;
  readonly options: PredictorOptions;
  /** Set by a rule: the predictor's phases overlap as stages of one actor. */
  readonly stages?: readonly string[];
}
/** Exactly these columns, in this order. */
export interface Select {
  readonly kind: "select";
  readonly input: LogicalOperator;
  readonly columns: readonly string[];
}
/** All columns but these. */
export interface Drop {
  readonly kind: "drop";
  readonly input: LogicalOperator;
  readonly columns: readonly string[];
}
/** The same columns under other names. */
export interface Rename {
  readonly kind: "rename";
  readonly input: LogicalOperator;
  /** Old name → new name. */
  readonly names: Readonly<Record<string, string>>;
}
/** The first rows, and no more. Everything upstream ends when they are there. */
export interface Limit {
  readonly kind: "limit";
  readonly input: LogicalOperator;
  readonly rows: number;
}
/** All rows of the first input, then all of the second … */
export interface Union {
  readonly kind: "union";
  readonly inputs: readonly LogicalOperator[];
}
/** Row by row beside each other; unequal row counts are an error. A column of the same name is suffixed `_1`. */
export interface Zip {
  readonly kind: "zip";
  readonly inputs: readonly [LogicalOperator, LogicalOperator];
}
/** Re-cuts blocks: to a number of rows each (streaming), or to a number of blocks (needs the row count). */
export interface Repartition {
  readonly kind: "repartition";
  readonly input: LogicalOperator;
  readonly rowsPerBlock?: number;
  readonly blocks?: number;
}

/** What was asked for: one step over what it reads from. */
export type LogicalOperator =
  | Read | MapRows | FlatMapRows | FilterRows | WithColumn | MapBatches | Predict | Select | Drop | Rename | Limit | Union | Zip | Repartition;

/** What `mapBatches` was told about a predictor, defaults filled in. JSON. */
export interface PredictorOptions {
  /** Actors: exactly so many, or as the queue needs between two bounds. A ceiling: never more than fit the resources. */
  readonly concurrency: number | readonly [min: number, max: number];
  readonly batchSize: number | "auto";
  /** The most a batch may cost, in the predictor's unit, padding included. */
  readonly maxBatchCost: number | "auto";
  readonly maxBatchRows: number;
  readonly numCpus: number;
  readonly numGpus: number;
  /** Bytes per actor, for fitting actors to the machine; 0 where unknown. */
  readonly memory: number;
  readonly device: Device;
  readonly onError?: OnError;
  /** Of one `predict` call; the actor is killed and the batch is blamed. */
  readonly timeoutMs?: number;
  /** How often a block is tried on a new actor after losing one. */
  readonly maxAttempts: number;
  /** Predict each distinct row of a block once. For predictors whose answer depends on the row alone. */
  readonly collapse: boolean;
  /** The actor is replaced after so many batches: for libraries that leak. */
  readonly recycleAfterBatches?: number;
}

/** What `mapBatches` does about what it is not told. */
export const defaultPredictorOptions: PredictorOptions = {
  concurrency: 1, batchSize: "auto", maxBatchCost: "auto", maxBatchRows: 1024, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 4, collapse: false,
};

/** The operators an operator reads from. */
export function inputsOf(operator: LogicalOperator): readonly LogicalOperator[] {
  if (operator.kind === "read") return [];
  return "inputs" in operator ? operator.inputs : [operator.input];
}

/** The same operator over other inputs; the very same object when they are the same. */
export function withInputs(operator: LogicalOperator, inputs: readonly LogicalOperator[]): LogicalOperator {
  if (inputsOf(operator).every((input, at) => input === inputs[at])) return operator;
  if (operator.kind === "read") return operator;
  return (operator.kind === "union" || operator.kind === "zip" ? { ...operator, inputs } : { ...operator, input: inputs[0] }) as LogicalOperator;
}

/** Rewrites from the leaves up. Returns the very object it was given when nothing changed. */
export function transformUp(operator: LogicalOperator, change: (operator: LogicalOperator) => LogicalOperator): LogicalOperator {
  const inputs = inputsOf(operator);
  return change(withInputs(operator, inputs.map((input) => transformUp(input, change))));
}

/** Gives exactly one row for each row it reads, in order: a limit may move below it. */
export function keepsRows(operator: LogicalOperator): boolean {
  switch (operator.kind) {
    case "map": case "with-column": return keepsFailedRows(operator.onError);
    case "predict": return keepsFailedRows(operator.options.onError) && !mayChangeRows(operator.spec) && !isStateful(operator.spec);
    case "select": case "drop": case "rename": return true;
    default: return false;
  }
}

function keepsFailedRows(onError: OnError | undefined): boolean {
  return onError === "fail" || onError === "null";
}

/** The predictor may return more or fewer rows than it gets. */
export function mayChangeRows(spec: PredictorSpec): boolean {
  return spec.kind === "module" && spec.rows === "any";
}

/** The predictor carries something from batch to batch: one actor, blocks in order. */
export function isStateful(spec: PredictorSpec): boolean {
  return spec.kind === "module" && spec.stateful;
}
