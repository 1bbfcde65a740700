import type { PredictorSpec } from "@shoal/core";
import { inputsOf, isStateful, type FunctionStep, type LogicalOperator, type PredictorOptions } from "./logical/logical-operator.ts";
import { physicalInputsOf, type ActorPoolStage, type PhysicalOperator, type Recut } from "./physical/physical-operator.ts";
import { explainTravel } from "./explain-travel.ts";
import type { Planned } from "./plan.ts";
import type { TravelOptions } from "./travel.ts";

/** Both plans as indented text, the last step first; what a step reads from stands below it. Then what of it other machines could run. */
export function explain(planned: Planned, options?: TravelOptions): string {
  return [
    "Logical plan", tree(planned.logical, inputsOf, logicalLine),
    ...(planned.applied.length === 0 ? [] : [`Optimized (${planned.applied.join(", ")})`, tree(planned.optimized, inputsOf, logicalLine)]),
    "Physical plan", tree(planned.physical, physicalInputsOf, physicalLine),
    explainTravel(planned.physical, options),
  ].join("\n");
}

/** The plan as it was asked for, as indented text; checks nothing. */
export function explainLogical(plan: LogicalOperator): string {
  return tree(plan, inputsOf, logicalLine);
}

function tree<T>(root: T, inputs: (operator: T) => readonly T[], line: (operator: T) => string, depth = 1): string {
  return [`${"  ".repeat(depth)}${line(root)}`, ...inputs(root).map((input) => tree(input, inputs, line, depth + 1))].join("\n");
}

function logicalLine(operator: LogicalOperator): string {
  switch (operator.kind) {
    case "read": return `read ${operator.source.name}${listed("columns", operator.columns)}${operator.limit === undefined ? "" : `, limit ${operator.limit}`}`;
    case "map": case "flat-map": case "filter": return `${operator.kind} ${functionName(operator.step)}${onErrorText(operator.onError)}`;
    case "with-column": return `with-column ${operator.name} = ${functionName(operator.step)}${onErrorText(operator.onError)}`;
    case "map-batches": return `map-batches ${functionName(operator.step)}, batch ${operator.batchSize}, ${operator.batchFormat}`;
    case "predict": return `predict ${specText(operator.spec)}${stagesText(operator.stages)}${optionsText(operator.spec, operator.options)}`;
    case "select": case "drop": return `${operator.kind} ${operator.columns.join(", ")}`;
    case "rename": return `rename ${Object.entries(operator.names).map(([from, to]) => `${from} → ${to}`).join(", ")}`;
    case "limit": return `limit ${operator.rows}`;
    case "union": case "zip": return operator.kind;
    case "repartition": return operator.blocks === undefined ? `repartition ${operator.rowsPerBlock} rows per block` : `repartition into ${operator.blocks} blocks`;
  }
}

function physicalLine(operator: PhysicalOperator): string {
  switch (operator.kind) {
    case "scan": return `scan ${operator.source.name}${listed("columns", operator.columns)}${operator.limit === undefined ? "" : `, limit ${operator.limit}`}`;
    case "row-functions": return `row-functions ${operator.steps.map((step) => `${step.kind} ${functionName(step.step)}${onErrorText(step.onError)}`).join(" → ")}`;
    case "batch-function": return `batch-function ${functionName(operator.step)}, batch ${operator.batchSize}, ${operator.batchFormat}`;
    case "project": return `project ${projectText(operator)}`;
    case "recut": return `recut ${recutText(operator)}`;
    case "actor-pool": return `actor-pool ${specText(operator.spec)}${stagesText(operator.stages)}, ${poolText(operator)}`;
    case "limit": return `limit ${operator.rows}`;
    case "union": case "zip": return operator.kind;
  }
}

function listed(word: string, names: readonly string[] | undefined): string {
  return names === undefined ? "" : `, ${word} ${names.join(", ") || "none"}`;
}

function functionName(step: FunctionStep<unknown>): string {
  return `${step.name || "(anonymous)"}()${step.version === undefined ? "" : `@${step.version}`}`;
}

function onErrorText(onError: string | undefined): string {
  return onError === undefined || onError === "fail" ? "" : `, on error ${onError}`;
}

function specText(spec: PredictorSpec): string {
  return spec.kind === "declarative" ? `${spec.name} [${spec.reads.join(", ")}] → [${spec.adds.join(", ")}]` : `${spec.name} (${spec.module.split("/").at(-1)}#${spec.export})`;
}

function stagesText(stages: readonly string[] | undefined): string {
  return stages === undefined || stages.length < 2 ? "" : `, stages ${stages.join(" → ")}`;
}

function optionsText(spec: PredictorSpec, options: PredictorOptions): string {
  const { concurrency } = options;
  return [
    `, concurrency ${typeof concurrency === "number" ? concurrency : `${concurrency[0]} to ${concurrency[1]}`}, batch ${options.batchSize}, device ${options.device}`,
    options.collapse ? ", collapse identical rows" : "",
    isStateful(spec) ? ", stateful: one actor, source order" : "",
    onErrorText(options.onError),
  ].join("");
}

function projectText(operator: Extract<PhysicalOperator, { kind: "project" }>): string {
  const columns = operator.columns.map(([from, to]) => (from === to ? from : `${from} → ${to}`));
  return [...columns, ...operator.drop.map((name) => `-${name}`), ...(operator.rest ? ["…"] : [])].join(", ");
}

function recutText({ blocks, multipleOf, firstRows, maxRows }: Recut): string {
  if (blocks !== undefined) return `into ${blocks} blocks`;
  return `${firstRows === maxRows ? `${maxRows} rows` : `${firstRows} to ${maxRows} rows`}${multipleOf === 1 || multipleOf === maxRows ? "" : `, multiples of ${multipleOf}`}`;
}

function poolText(stage: ActorPoolStage): string {
  const { policy, minActors, maxActors } = stage;
  return [
    minActors === maxActors ? `${maxActors} ${maxActors === 1 ? "actor" : "actors"}` : `${minActors} to ${maxActors} actors`,
    `${stage.numCpus} ${stage.numCpus === 1 ? "CPU" : "CPUs"} each`,
    ...(stage.numGpus > 0 ? [`${stage.numGpus} GPUs each`] : []),
    policy.maxBatchCost === undefined ? `batch ${policy.batchSize}` : `batch cost ${policy.maxBatchCost} ${stage.spec.costUnit}`,
    ...(policy.collapse ? ["collapse identical rows"] : []),
    ...(policy.bisect ? [] : ["whole batches fail"]),
    ...(isStateful(stage.spec) ? ["stateful: source order, no packing"] : []),
    `device ${stage.device}`,
    stage.preserveOrder ? "in order" : "any order",
  ].join(", ") + onErrorText(stage.onError);
}
