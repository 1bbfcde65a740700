import { ShoalError } from "@shoal/core";

/** The value itself. @throws `bad-argument` when it is no whole number of at least `least`. */
export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ShoalError("bad-argument", `${name}: ${value} is not a whole number of at least ${least}.`);
}
