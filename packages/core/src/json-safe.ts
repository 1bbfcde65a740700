import { isTypedArray } from "./typed-array.ts";

/** JSON has no bigint; one is written as the number it is where that is exact, otherwise as a string. */
export function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return isTypedArray(value) ? Array.from(value as Float64Array) : value;
}
