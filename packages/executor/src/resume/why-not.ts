import { isStateful, mayChangeRows, physicalInputsOf, type PhysicalOperator } from "@shoal/planner";

/** Makes rows of several rows at once, so that none is done before the last of them. */
export function makesTogether(operator: PhysicalOperator): boolean {
  return operator.kind === "batch-function" || (operator.kind === "actor-pool" && mayChangeRows(operator.spec));
}

/** Why a run of the plan keeps no ledger: a source can't be read again. */
export function whyNoLedger(plan: PhysicalOperator): string | undefined {
  if (plan.kind === "scan") return plan.source.resumable ? undefined : `${plan.source.name} can't be read again from where it was`;
  return firstOf(physicalInputsOf(plan), whyNoLedger);
}

/** Why a run of the plan, killed, can only start over: no row of its input says where to go on. */
export function whyNoPosition(plan: PhysicalOperator): string | undefined {
  return whyNotThis(plan) ?? firstOf(physicalInputsOf(plan), whyNoPosition);
}

/** Why a run of the plan, begun again, may cut other blocks than before, though it reads the same rows from the start. */
export function whyOtherBlocks(plan: PhysicalOperator): string | undefined {
  if (plan.kind === "actor-pool" && !plan.preserveOrder) return "preserveOrder: false lets rows come in another order each time";
  return firstOf(physicalInputsOf(plan), whyOtherBlocks);
}

function whyNotThis(plan: PhysicalOperator): string | undefined {
  switch (plan.kind) {
    case "zip": return "zip() reads two datasets beside each other";
    case "recut": return plan.blocks === undefined ? undefined : "repartition() into a number of blocks needs every row first";
    case "actor-pool":
      if (isStateful(plan.spec)) return `predictor "${plan.spec.name}" carries something from row to row`;
      if (!plan.preserveOrder) return "preserveOrder: false lets rows come in another order each time";
      return plan.onError === "null" && plan.spec.kind === "module" ? `predictor "${plan.spec.name}" has onError: "null", and which columns it adds is known from its earlier rows alone` : undefined;
    case "row-functions":
      return plan.steps.some((step) => step.kind === "map" && step.onError === "null") ? 'a map() has onError: "null", and which columns it gives is known from its earlier rows alone' : undefined;
    default: return undefined;
  }
}

function firstOf(inputs: readonly PhysicalOperator[], why: (plan: PhysicalOperator) => string | undefined): string | undefined {
  for (const input of inputs) {
    const reason = why(input);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
