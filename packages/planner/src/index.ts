export * from "./logical/logical-operator.ts";
export * from "./physical/physical-operator.ts";
