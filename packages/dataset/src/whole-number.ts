import { ShoalError } from "@shoal/core";

/** The value itself. @throws `bad-option` when it is no whole number of at least `least`. */
export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ShoalError("bad-option", `${name}: ${String(value)} is not a whole number of at least ${least}.`, { failure: "bug", hint: "Give a whole number, or leave the option out." });
}
