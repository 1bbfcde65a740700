import { transformUp } from "../logical/logical-operator.ts";
import type { LogicalRule } from "./rule.ts";

/** Two limits in a row are the smaller one. */
export const mergeLimits: LogicalRule = {
  name: "merge-limits",
  apply: (plan) =>
    transformUp(plan, (operator) => {
      if (operator.kind !== "limit" || operator.input.kind !== "limit") return operator;
      return { ...operator.input, rows: Math.min(operator.rows, operator.input.rows) };
    }),
};
