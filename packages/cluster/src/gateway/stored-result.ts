import { ShoalError, type RowFailure } from "@shoal/core";
import type { ResultStats } from "../connection/messages.ts";

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
  if (failures.length === 0 && stats.batches.length <= fewBatches && stats.device.length <= 32 && isEmpty(stats.counts)) return true;
  return failures.length <= mostCharacters && stats.batches.length <= mostCharacters && JSON.stringify({ failures, stats }).length <= mostCharacters;
}

function isEmpty(counts: ResultStats["counts"]): boolean {
  for (const _ in counts) return false;
  return true;
}

export function encodeAbout({ failures, stats }: ResultAbout): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ failures, stats }));
}

/** @throws `bad-blob` */
export function decodeAbout(bytes: Uint8Array): ResultAbout {
  try {
    const { failures, stats } = JSON.parse(new TextDecoder().decode(bytes)) as ResultAbout;
    return { failures, stats };
  } catch (cause) {
    throw new ShoalError("bad-blob", `A blob of ${bytes.byteLength} bytes says nothing of a result.`, { cause, hint: "Continue the job with the version of Shoal that began it." });
  }
}
