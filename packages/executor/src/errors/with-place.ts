import type { ErrorData } from "@shoal/core";

/** An error with the place in the user's code where it was thrown, as `details.at`, where that is known: `/app/score.ts:12:9`. */
export function withPlace(error: ErrorData, at: string | undefined): ErrorData {
  return at === undefined || error.details?.["at"] !== undefined ? error : { ...error, details: { ...error.details, at } };
}

/** Of {@link withPlace}, for the end of a message. */
export function placeText({ details }: ErrorData): string {
  const at = details?.["at"];
  return typeof at === "string" ? ` (at ${at})` : "";
}
