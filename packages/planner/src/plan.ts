import { transformUp, type LogicalOperator, type OnError } from "./logical/logical-operator.ts";
import type { PhysicalOperator } from "./physical/physical-operator.ts";
import { fuseRowFunctions } from "./rules/fuse-row-functions.ts";
import { mergeLimits } from "./rules/merge-limits.ts";
import { pruneColumns } from "./rules/prune-columns.ts";
import { pushLimitDown } from "./rules/push-limit-down.ts";
import { recutBeforeBatches } from "./rules/recut-before-batches.ts";
import { applyRules, type LogicalRule, type PhysicalRule } from "./rules/rule.ts";
import { splitPredictor } from "./rules/split-predictor.ts";
import { toPhysical, type PlanOptions } from "./to-physical.ts";

export const logicalRules: readonly LogicalRule[] = [mergeLimits, pushLimitDown, pruneColumns, splitPredictor];

// Recutting looks at what stands directly below a stage, so it comes when fusing has settled that.
export const physicalRules: readonly PhysicalRule[] = [fuseRowFunctions, recutBeforeBatches];

/** What was asked, after its rules, and what will run. */
export interface Planned {
  readonly logical: LogicalOperator;
  /** After the logical rules. */
  readonly optimized: LogicalOperator;
  readonly physical: PhysicalOperator;
  /** The rules that changed something. */
  readonly applied: readonly string[];
}

/**
 * What was asked → what will run.
 * @throws `null-with-any-rows` and other contradictions in what was asked.
 */
export function plan(logical: LogicalOperator, options: PlanOptions): Planned {
  const optimized = applyRules(withOnError(logical, options.onError), logicalRules);
  const physical = applyRules(toPhysical(optimized.plan, options), physicalRules);
  return { logical, optimized: optimized.plan, physical: physical.plan, applied: [...optimized.applied, ...physical.applied] };
}

/** Steps that say nothing about errors do what the run says: rules may then rely on it. */
function withOnError(plan: LogicalOperator, onError: OnError): LogicalOperator {
  return transformUp(plan, (operator) => {
    if (operator.kind === "predict") return operator.options.onError === undefined ? { ...operator, options: { ...operator.options, onError } } : operator;
    return "step" in operator && operator.onError === undefined ? { ...operator, onError } : operator;
  });
}
