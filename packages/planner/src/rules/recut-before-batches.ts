import { transformPhysicalUp, type ActorPoolStage, type BatchFunctionStage, type PhysicalOperator, type Recut } from "../physical/physical-operator.ts";
import type { PhysicalRule } from "./rule.ts";

/** The first block is small, so that the first row comes early. */
const firstRows = 32;
/** The sorting window: rows among which a predictor with a cost may choose its batches. Twice as many sort hardly better, and leave actors idle at the end. */
export const sortingWindowRows = 1024;
/** Where rows are prepared but not sorted (pictures, mostly): a whole block is prepared at once, and each row may grow large. */
const preparedRows = 256;

/** Law 3: a batch never spans two blocks, so blocks are re-cut before every stage that makes batches. */
export const recutBeforeBatches: PhysicalRule = {
  name: "recut-before-batches",
  apply: (plan) =>
    transformPhysicalUp(plan, (operator) => {
      if (operator.kind !== "actor-pool" && operator.kind !== "batch-function") return operator;
      const multipleOf = exactBatch(operator);
      return fits(operator.input, multipleOf) ? operator : { ...operator, input: recut(operator.input, multipleOf, mostRows(operator)) };
    }),
};

function exactBatch(operator: ActorPoolStage | BatchFunctionStage): number {
  const size = operator.kind === "actor-pool" ? operator.policy.batchSize : operator.batchSize;
  return size === "auto" ? 1 : size;
}

/** Re-cut already, by this rule or by the user's own `repartition`, in a way that suits. */
function fits(input: PhysicalOperator, multipleOf: number): boolean {
  if (input.kind !== "recut") return false;
  return multipleOf === 1 || (input.blocks === undefined && input.multipleOf % multipleOf === 0);
}

function mostRows(operator: ActorPoolStage | BatchFunctionStage): number {
  const prepares = operator.kind === "actor-pool" && operator.spec.costUnit === undefined && operator.spec.phases.includes("preprocess");
  return prepares ? preparedRows : sortingWindowRows;
}

function recut(input: PhysicalOperator, multipleOf: number, most: number): Recut {
  return { kind: "recut", input, multipleOf, firstRows: Math.max(multipleOf, firstRows), maxRows: Math.max(multipleOf, most) };
}

