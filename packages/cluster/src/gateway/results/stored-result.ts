import { ShoalError, type ErrorData, type RowFailure } from "@shoal/core";
import * as v from "valibot";
import type { ResultStats } from "../../connection/messages.ts";
import { failureClass } from "../../connection/schemas/errors.ts";

/** What is kept of a result beside its rows, so that a gateway that knows only ledger and blobs can hand it to a driver. */
export interface ResultAbout {
  readonly failures: readonly RowFailure[];
  readonly stats: ResultStats;
}

/** In a record of 4 KB, beside names of workers that take as much room as they may. */
const mostCharacters = 600;
/** So many numbers and names certainly fit. */
const fewBatches = 32;

/** Whether it has room in the record of its commit; otherwise it is a blob of its own. */
export function fitsIntoRecord({ failures, stats }: ResultAbout): boolean {
  if (failures.length === 0 && stats.batches.length <= fewBatches && stats.device.length <= 32 && Object.keys(stats.counts).length === 0) return true;
  return failures.length <= mostCharacters && stats.batches.length <= mostCharacters && JSON.stringify({ failures, stats }).length <= mostCharacters;
}

export function encodeAbout({ failures, stats }: ResultAbout): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ failures, stats }));
}

/** Whether it can be one: what stands in an engine may be written by anybody who reaches it. */
export function isAbout(about: unknown): about is ResultAbout {
  const { failures, stats } = (about ?? {}) as Partial<ResultAbout>;
  return Array.isArray(failures) && failures.every((failed: unknown) => typeof failed === "object" && failed !== null && isErrorData((failed as Partial<RowFailure>).error)) && typeof stats === "object" && stats !== null && Array.isArray(stats.batches) && typeof stats.device === "string";
}

export function isErrorData(error: unknown): error is ErrorData {
  const { code, message, hint, stack, failure } = (error ?? {}) as Partial<ErrorData>;
  const isText = (text: unknown): boolean => text === undefined || typeof text === "string";
  return typeof code === "string" && code !== "" && typeof message === "string" && isText(hint) && isText(stack) && (failure === undefined || v.is(failureClass, failure));
}

/** @throws `bad-blob` */
export function decodeAbout(bytes: Uint8Array): ResultAbout {
  try {
    const about: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isAbout(about)) throw new TypeError("It lists neither failures nor what was measured.");
    return { failures: about.failures, stats: about.stats };
  } catch (cause) {
    throw new ShoalError("bad-blob", `A blob of ${bytes.byteLength} bytes says nothing of a result.`, { cause, hint: "Continue the job with the version of Shoal that began it." });
  }
}
