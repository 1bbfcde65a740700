import { sliceBlock } from "@shoal/core";
import type { LimitStage } from "@shoal/planner";
import { inputOf, type Operator } from "./operator.ts";

/** The first rows; with the last of them everything before this stage ends. */
export function limit({ rows }: LimitStage): Operator {
  return async function* ([input], { stopInputs, tracking }) {
    let left = rows - (tracking?.start?.rows ?? 0);
    if (left <= 0) return;
    for await (const block of inputOf(input)) {
      const taken = block.rows > left ? sliceBlock(block, 0, left) : block;
      left -= taken.rows;
      tracking?.passed(taken);
      if (left <= 0) stopInputs();
      yield taken;
      if (left <= 0) return;
    }
  };
}
