import { transformPhysicalUp } from "../physical/physical-operator.ts";
import type { PhysicalRule } from "./rule.ts";

/** Neighbouring closures over rows become one pass: rows are made and taken apart once. */
export const fuseRowFunctions: PhysicalRule = {
  name: "fuse-row-functions",
  apply: (plan) =>
    transformPhysicalUp(plan, (operator) => {
      if (operator.kind !== "row-functions" || operator.input.kind !== "row-functions") return operator;
      return { ...operator, input: operator.input.input, steps: [...operator.input.steps, ...operator.steps] };
    }),
};
