import type { Operator } from "./operator.ts";

/** All rows of the first input, then all of the second … */
export const union: Operator = async function* (inputs) {
  for (const input of inputs) yield* input;
};
