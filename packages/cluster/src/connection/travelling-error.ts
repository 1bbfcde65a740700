import type { ErrorData, RowFailure } from "@shoal/core";
import { errorTexts } from "./schemas/errors.ts";

const deepestCause = 4;
const deepestDetails = 6;
const longestDetails = 16_384;

/** An error in a form that the other side takes: long texts are cut, and details that are long or no JSON are left out. */
export function travellingError(error: ErrorData, depth = 0): ErrorData {
  const { code, message, hint, failure, stack, cause } = error;
  const details = travellingDetails(error.details);
  return {
    code: cut(code, errorTexts.code),
    message: cut(message, errorTexts.message),
    ...(hint === undefined ? {} : { hint: cut(hint, errorTexts.hint) }),
    ...(failure === undefined ? {} : { failure }),
    ...(details === undefined ? {} : { details }),
    ...(stack === undefined ? {} : { stack: cut(stack, errorTexts.stack) }),
    ...(cause === undefined || depth === deepestCause ? {} : { cause: travellingError(cause, depth + 1) }),
  };
}

/** Failures of many rows are mostly the same: only the first few keep stack, cause and details. */
const wholeFailures = 8;

/** The same for rows that failed, in about `mostBytes` of JSON: the more there are, the less each says. */
export function travellingFailures(failures: readonly RowFailure[], mostBytes: number): readonly RowFailure[] {
  const longest = Math.max(16, Math.floor(mostBytes / 3 / Math.max(1, failures.length)) - 64);
  return failures.map(({ row, attempts, error }, at) => {
    if (at < wholeFailures) return { row, attempts, error: travellingError(error) };
    const { code, message, hint, failure } = error;
    const bare = { code: cut(code, errorTexts.code), message: cut(message, Math.min(longest, errorTexts.message)), ...(failure === undefined ? {} : { failure }) };
    return { row, attempts, error: hint === undefined || message.length + hint.length > longest ? bare : { ...bare, hint } };
  });
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function travellingDetails(details: ErrorData["details"]): ErrorData["details"] {
  if (details === undefined) return undefined;
  try {
    const json = JSON.stringify(details);
    return json.length <= longestDetails && !json.includes('"__proto__"') && depthOf(details) <= deepestDetails ? details : undefined;
  } catch {
    // A bigint, or a circle.
    return undefined;
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((deepest, part) => Math.max(deepest, depthOf(part)), 0);
}
