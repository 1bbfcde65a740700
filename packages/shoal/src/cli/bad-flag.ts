import { ShoalError } from "@shoal/core";

/** Flags that can't be, or not together. */
export function badFlag(message: string, hint: string): ShoalError {
  return new ShoalError("bad-option", message, { hint, failure: "bug" });
}
