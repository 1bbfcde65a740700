import { failureClass, ShoalError, thrownAt, type ErrorData } from "@shoal/core";
import { withPlace } from "../errors/with-place.ts";

/** What a function of the user's threw, as a row failed by it. */
export function functionFailed(error: unknown): ErrorData {
  const data = ShoalError.from(error, "function-failed").toData();
  return withPlace({ ...data, failure: data.failure ?? failureClass(error) }, thrownAt(data.stack));
}
