import type { ErrorData, RowFailure } from "@shoal/core";
import { cutText as cut } from "./cut-text.ts";
import { errorTexts } from "./schemas/errors.ts";

const deepestCause = 4;
const deepestDetails = 6;
const longestDetails = 16_384;
/** Of JSON: half of what most messages may say. The longest code, message and hint alone are less. */
const mostBytes = 1 << 17;
const encoder = new TextEncoder();

/** An error in a form that the other side takes: long texts are cut, details that are long or no JSON are left out, and what is too much together. */
export function travellingError(error: ErrorData): ErrorData {
  const whole = travelling(error, 0);
  if (fits(whole)) return whole;
  const { cause: _, details: __, ...alone } = whole;
  if (fits(alone)) return alone;
  const { stack: ___, ...bare } = alone;
  return bare;
}

/** Whom it goes to may be anybody: where our files lie is nothing to them. */
export function withoutPlaces(error: ErrorData): ErrorData {
  const { stack: _, cause: __, ...words } = error;
  return words;
}

function fits(error: ErrorData): boolean {
  const json = JSON.stringify(error);
  return json.length <= mostBytes / 3 || encoder.encode(json).byteLength <= mostBytes;
}

function travelling(error: ErrorData, depth: number): ErrorData {
  const { code, message, hint, failure, stack, cause } = error;
  const details = travellingDetails(error.details);
  return {
    code: cut(code, errorTexts.code),
    message: cut(message, errorTexts.message),
    ...(hint === undefined ? {} : { hint: cut(hint, errorTexts.hint) }),
    ...(failure === undefined ? {} : { failure }),
    ...(details === undefined ? {} : { details }),
    ...(stack === undefined ? {} : { stack: cut(stack, errorTexts.stack) }),
    ...(cause === undefined || depth === deepestCause ? {} : { cause: travelling(cause, depth + 1) }),
  };
}

/** Failures of many rows are mostly the same: only the first few keep stack, cause and details. */
const wholeFailures = 8;

/** The same for rows that failed, in about `mostBytes` of JSON: the more there are, the less each says. */
export function travellingFailures(failures: readonly RowFailure[], mostBytes: number): readonly RowFailure[] {
  const whole = failures.slice(0, wholeFailures).map(({ row, attempts, error }) => ({ row, attempts, error: travellingError(error) }));
  if (failures.length <= wholeFailures) return whole;
  const left = mostBytes - encoder.encode(JSON.stringify(whole)).byteLength;
  const longest = Math.max(16, Math.floor(left / 3 / (failures.length - wholeFailures)) - 192);
  const others = failures.slice(wholeFailures).map(({ row, attempts, error: { code, message, hint, failure } }) => {
    const bare = { code: cutCode(code, Math.max(24, longest)), message: wellFormed(cut(message, Math.min(longest, errorTexts.message))), ...(failure === undefined ? {} : { failure }) };
    return { row, attempts, error: hint === undefined || message.length + hint.length > longest ? bare : { ...bare, hint: wellFormed(hint) } };
  });
  return [...whole, ...others];
}

/** Half a letter takes six bytes of JSON; whole ones three. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

/** Codes are of plain letters; those of others may take six bytes for each. */
function cutCode(code: string, most: number): string {
  return cut(code, Math.min(errorTexts.code, /^[\w .:/-]*$/.test(code) ? most : Math.floor(most / 6)));
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
