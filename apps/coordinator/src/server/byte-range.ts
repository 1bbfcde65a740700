/** A part of a file that was asked for: `start` to `end`, the last byte included. */
export interface RequestedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a `Range` header asks of a file. Undefined: the whole file, also where the header can't be read or names several parts, which a server may ignore.
 * `"unsatisfiable"`: nothing of it is there.
 */
export function byteRange(header: string | undefined, bytes: number): RequestedRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? "").replaceAll(/\s/g, ""));
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return Number(last) === 0 || bytes === 0 ? "unsatisfiable" : { start: Math.max(0, bytes - Number(last)), end: bytes - 1 };
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= bytes ? "unsatisfiable" : { start, end: last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}
