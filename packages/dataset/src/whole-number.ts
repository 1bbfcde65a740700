import { preview, ShoalError } from "@shoal/core";

/** The value itself. @throws `bad-option` when it is no whole number of at least `least`. */
export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  const hint = typeof value === "object" ? "Settings come after the number, as in takeAll(100, { onError: \"skip\" }); the number may be undefined." : "Give a whole number, or leave the option out.";
  throw new ShoalError("bad-option", `${name}: ${typeof value === "object" ? preview(value) : String(value)} is not a whole number of at least ${least}.`, { failure: "bug", hint });
}
