import { failureClass, ShoalError, type ErrorData } from "@shoal/core";

/** What a function of the user's threw, as a row failed by it. */
export function functionFailed(error: unknown): ErrorData {
  const data = ShoalError.from(error, "function-failed").toData();
  return { ...data, failure: data.failure ?? failureClass(error) };
}
