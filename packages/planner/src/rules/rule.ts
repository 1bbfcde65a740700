import type { LogicalOperator } from "../logical/logical-operator.ts";
import type { PhysicalOperator } from "../physical/physical-operator.ts";

/** Maps a plan to one that gives the same rows with less work. Returns the very object it was given when it changed nothing. */
export interface Rule<Plan> {
  readonly name: string;
  apply(plan: Plan): Plan;
}
/** Rewrites what was asked. */
export type LogicalRule = Rule<LogicalOperator>;
/** Rewrites what will run. */
export type PhysicalRule = Rule<PhysicalOperator>;

/** Applies rules in order until none changes the plan; says which did. */
export function applyRules<Plan>(plan: Plan, rules: readonly Rule<Plan>[]): { readonly plan: Plan; readonly applied: readonly string[] } {
  const applied = new Set<string>();
  for (let before: Plan | undefined; before !== plan; ) {
    before = plan;
    for (const rule of rules) {
      const changed = rule.apply(plan);
      if (changed !== plan) applied.add(rule.name);
      plan = changed;
    }
  }
  return { plan, applied: [...applied] };
}
