import { ShoalError, type BatchPolicy, type PredictorSpec } from "@shoal/core";
import { isStateful, mayChangeRows, type LogicalOperator, type OnError, type Predict, type PredictorOptions, type Repartition } from "./logical/logical-operator.ts";
import type { ActorPoolStage, PhysicalOperator, Project, Recut, RowFunctions, RowStep } from "./physical/physical-operator.ts";

/** Settings of a run that a plan depends on. */
export interface PlanOptions {
  /** False trades order for latency. */
  readonly preserveOrder: boolean;
  /** For steps that say nothing themselves. */
  readonly onError: OnError;
}

/** Converts each kind by one case, and nothing else: rewriting is the rules' work. */
export function toPhysical(operator: LogicalOperator, options: PlanOptions): PhysicalOperator {
  const convert = (input: LogicalOperator): PhysicalOperator => toPhysical(input, options);
  switch (operator.kind) {
    case "read": {
      const { source, columns, limit } = operator;
      return { kind: "scan", source, ...(columns && { columns }), ...(limit !== undefined && { limit }) };
    }
    case "map": return rowFunction(convert(operator.input), { kind: "map", step: operator.step, ...onErrorOf(operator) });
    case "flat-map": return rowFunction(convert(operator.input), { kind: "flat-map", step: operator.step, ...onErrorOf(operator) });
    case "filter": return rowFunction(convert(operator.input), { kind: "filter", step: operator.step, ...onErrorOf(operator) });
    case "with-column": return rowFunction(convert(operator.input), { kind: "with-column", name: operator.name, step: operator.step, ...onErrorOf(operator) });
    case "map-batches": {
      const { step, batchSize, batchFormat } = operator;
      return { kind: "batch-function", input: convert(operator.input), step, batchSize, batchFormat, ...onErrorOf(operator) };
    }
    case "predict": return actorPool(operator, convert(operator.input), options);
    case "select": return project(convert(operator.input), operator.columns.map((name) => [name, name] as const), false);
    case "rename": return project(convert(operator.input), Object.entries(operator.names), true);
    case "drop": return { ...project(convert(operator.input), [], true), drop: operator.columns };
    case "limit": return { kind: "limit", input: convert(operator.input), rows: operator.rows };
    case "union": return { kind: "union", inputs: operator.inputs.map(convert) };
    case "zip": return { kind: "zip", inputs: [convert(operator.inputs[0]), convert(operator.inputs[1])] };
    case "repartition": return repartition(operator, convert(operator.input));
  }
}

function onErrorOf(operator: { readonly onError?: RowStep["onError"] }): Pick<RowStep, "onError"> {
  return operator.onError === undefined ? {} : { onError: operator.onError };
}

function rowFunction(input: PhysicalOperator, step: RowStep): RowFunctions {
  return { kind: "row-functions", input, steps: [step] };
}

function project(input: PhysicalOperator, columns: Project["columns"], rest: boolean): Project {
  return { kind: "project", input, columns, rest, drop: [] };
}

function repartition(operator: Repartition, input: PhysicalOperator): Recut {
  if (operator.blocks !== undefined) return { kind: "recut", input, multipleOf: 1, firstRows: 1, maxRows: Number.MAX_SAFE_INTEGER, blocks: operator.blocks };
  const rows = operator.rowsPerBlock ?? 1;
  return { kind: "recut", input, multipleOf: rows, firstRows: rows, maxRows: rows };
}

function actorPool(operator: Predict, input: PhysicalOperator, { preserveOrder }: PlanOptions): ActorPoolStage {
  const { spec, options } = operator;
  const stateful = isStateful(spec);
  if (mayChangeRows(spec) && options.onError === "null") {
    throw new ShoalError("null-with-any-rows", `${spec.name} may change the number of rows (rows: "any"), so a failed batch has no rows to keep as null.`, {
      hint: 'Choose "skip" or "deadLetter" for this step.',
    });
  }
  const [minActors, maxActors] = typeof options.concurrency === "number" ? [options.concurrency, options.concurrency] : options.concurrency;
  return {
    kind: "actor-pool",
    input,
    spec,
    policy: batchPolicy(spec, options),
    stages: operator.stages ?? spec.phases,
    minActors: stateful ? 1 : minActors,
    maxActors: stateful ? 1 : maxActors,
    numCpus: options.numCpus,
    numGpus: options.numGpus,
    memory: options.memory,
    device: options.device,
    maxAttempts: options.maxAttempts,
    preserveOrder: preserveOrder || stateful,
    ...(options.onError !== undefined && { onError: options.onError }),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    ...(options.recycleAfterBatches !== undefined && { recycleAfterBatches: options.recycleAfterBatches }),
  };
}

function batchPolicy(spec: PredictorSpec, options: PredictorOptions): BatchPolicy {
  const whole = isStateful(spec) || mayChangeRows(spec);
  // An exact batch size is a promise: it outranks packing by cost.
  const packs = spec.costUnit !== undefined && options.batchSize === "auto" && !isStateful(spec);
  return {
    batchSize: options.batchSize,
    maxBatchRows: options.maxBatchRows,
    collapse: options.collapse && !whole,
    bisect: !whole,
    ...(packs && { maxBatchCost: options.maxBatchCost }),
  };
}
