import type { Clock } from "@shoal/core";
import { physicalInputsOf, type ActorPoolStage, type PhysicalOperator } from "@shoal/planner";
import type { RowErrors } from "../errors/row-errors.ts";
import type { RunTracking } from "../resume/run-tracking.ts";
import { StageRecorder } from "../stats/stage-recorder.ts";
import { childController } from "../streams/abort.ts";
import { furtherOf, type Reach } from "../streams/copy-block.ts";
import { metered } from "../stats/metered.ts";
import { actorPool, type ActorPoolRun } from "./pool-stage.ts";
import { batchFunction } from "./batch-function.ts";
import { limit } from "./limit.ts";
import type { BlockStream, Operator } from "./operator.ts";
import { project } from "./project.ts";
import { recut } from "./recut.ts";
import { rowFunctions, stepLabel } from "./row-functions.ts";
import { scan } from "./scan.ts";
import { union } from "./union.ts";
import { zip } from "./zip.ts";

/** What all stages of a run share. */
export interface RunParts {
  readonly clock: Clock;
  readonly errors: RowErrors;
  readonly records: StageRecorder[];
  /** For a run that can be resumed. */
  readonly tracking?: RunTracking | undefined;
  /** Every stage that moves calls it. */
  readonly onProgress: () => void;
  readonly poolRun: (stage: ActorPoolStage, record: StageRecorder) => ActorPoolRun;
}

/**
 * Folds a physical plan into nested streams and hands back the outermost. Nothing runs before it is pulled.
 * @param written what may be changed in place by whoever gets the blocks
 */
export function buildOperators(plan: PhysicalOperator, signal: AbortSignal, parts: RunParts, written?: Reach): { readonly stream: BlockStream; readonly record: StageRecorder } {
  const { controller, release } = childController(signal);
  const inputs = physicalInputsOf(plan).map((input) => buildOperators(input, controller.signal, parts, furtherOf(written, writtenBy(plan))));
  const record = new StageRecorder(parts.records.length, stageName(plan), plan.kind, parts.clock);
  const tracking = parts.tracking?.stage(plan, record.stage);
  const scanning = plan.kind === "scan" ? parts.tracking?.scan(record.stage) : undefined;
  record.inputs = inputs.map((input) => input.record);
  parts.records.push(record);
  const stream = operatorOf(plan, parts, record, written)(inputs.map((input) => input.stream), {
    signal, clock: parts.clock, record, errors: parts.errors, tracking, scan: scanning,
    stopInputs: () => {
      release();
      controller.abort();
    },
  });
  return { stream: metered(stream, record, parts), record };
}

function operatorOf(plan: PhysicalOperator, parts: RunParts, record: StageRecorder, written: Reach | undefined): Operator {
  switch (plan.kind) {
    case "scan": return scan(plan, written);
    case "row-functions": return rowFunctions(plan);
    case "batch-function": return batchFunction(plan);
    case "project": return project(plan);
    case "recut": return recut(plan);
    case "actor-pool": return actorPool(plan, parts.poolRun(plan, record));
    case "limit": return limit(plan);
    case "union": return union;
    case "zip": return zip;
  }
}

/** What closures may change in place: a batch of columns, or what rows hold. Predictors get rows of their own in any case. */
function writtenBy(plan: PhysicalOperator): Reach | undefined {
  if (plan.kind === "batch-function") return plan.batchFormat === "rows" ? "values" : "columns";
  return plan.kind === "row-functions" ? "values" : undefined;
}

function stageName(plan: PhysicalOperator): string {
  switch (plan.kind) {
    case "scan": return `read ${plan.source.name}`;
    case "row-functions": return plan.steps.map(stepLabel).join(" → ");
    case "batch-function": return plan.step.name === "" ? "mapBatches" : `mapBatches(${plan.step.name})`;
    case "project": return "select";
    case "recut": return "recut";
    case "actor-pool": return plan.spec.name;
    case "limit": return `limit ${plan.rows}`;
    default: return plan.kind;
  }
}

/** All pools of a plan, in the order in which their stages are built. */
export function poolsOf(plan: PhysicalOperator): ActorPoolStage[] {
  const before = physicalInputsOf(plan).flatMap(poolsOf);
  return plan.kind === "actor-pool" ? [...before, plan] : before;
}

