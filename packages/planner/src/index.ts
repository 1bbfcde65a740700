export * from "./explain.ts";
export * from "./logical/logical-operator.ts";
export * from "./physical/physical-operator.ts";
export * from "./plan.ts";
export * from "./plan-json.ts";
export * from "./rules/rule.ts";
export * from "./to-physical.ts";
export type { SegmentPlan } from "./segment-plan.ts";
