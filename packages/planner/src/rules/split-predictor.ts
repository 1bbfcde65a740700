import { transformUp } from "../logical/logical-operator.ts";
import type { LogicalRule } from "./rule.ts";

/** Gives each phase of a predictor a stage of its own, so that batch N is on the device while N + 1 is being prepared. */
export const splitPredictor: LogicalRule = {
  name: "split-predictor",
  apply: (plan) =>
    transformUp(plan, (operator) => {
      if (operator.kind !== "predict" || operator.stages !== undefined || operator.spec.phases.length < 2) return operator;
      return { ...operator, stages: operator.spec.phases };
    }),
};
