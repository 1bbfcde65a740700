import { keepsRows, transformUp, withInputs, type Limit, type LogicalOperator } from "../logical/logical-operator.ts";
import type { LogicalRule } from "./rule.ts";

/** Moves a limit below steps that keep the rows, into each branch of a union and into the source, so that fewer rows are read and predicted. */
export const pushLimitDown: LogicalRule = {
  name: "push-limit-down",
  apply: (plan) => transformUp(plan, (operator) => (operator.kind === "limit" ? pushed(operator) : operator)),
};

function pushed(limit: Limit): LogicalOperator {
  const { input, rows } = limit;
  if (input.kind === "read") return input.limit !== undefined && input.limit <= rows ? limit : { ...limit, input: { ...input, limit: rows } };
  if (input.kind === "union") {
    // The limit stays above: each branch alone may give that many rows.
    const branches = input.inputs.map((branch) => limited(branch, rows));
    const union = withInputs(input, branches);
    return union === input ? limit : { ...limit, input: union };
  }
  if (!keepsRows(input) || !("input" in input)) return limit;
  return withInputs(input, [{ ...limit, input: input.input }]);
}

function limited(branch: LogicalOperator, rows: number): LogicalOperator {
  return bounded(branch, rows) ? branch : { kind: "limit", input: branch, rows };
}

/** Already gives no more than so many rows: otherwise the rule would add a limit each time it looks. */
function bounded(operator: LogicalOperator, rows: number): boolean {
  if (operator.kind === "limit") return operator.rows <= rows;
  return keepsRows(operator) && "input" in operator ? bounded(operator.input, rows) : false;
}
