import { ShoalError } from "@shoal/core";
import type { BlockExpectation, BlockFault } from "./arrow-inspect.ts";
import type { Inspection } from "./decode-thread-jobs.ts";
import { ContentFault } from "./content-fault.ts";
import { runInThread } from "./decode-thread.ts";

export interface CheckOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** They are nobody else's, and may be moved to the thread and back instead of being copied. */
  readonly moves?: boolean;
}

/** Bytes that passed. */
export interface CheckedBytes {
  /** Those that were given; where they may be moved, perhaps in another buffer. */
  readonly bytes: Uint8Array;
  /** Theirs, in hex: where it was given, or asked for. */
  readonly sha256?: string | undefined;
}

/** Copying fewer is as fast. */
const leastMovedBytes = 1 << 14;

/**
 * Checks a block in Arrow IPC form that comes from strangers, in a thread: whatever the bytes do there, an endless loop too, costs the thread. Once they
 * pass, `decodeBlock` reads them without surprise.
 * @returns the bytes; where they may be moved, those that were given are gone
 * @throws `bad-result` naming column and row where it can, `late` where time was up; the signal's reason
 */
export async function checkBlockBytes(bytes: Uint8Array, expected: BlockExpectation, { timeoutMs, signal, moves = false }: CheckOptions): Promise<CheckedBytes> {
  const isView = bytes.buffer.byteLength > 2 * bytes.byteLength;
  const isMoved = moves && !isView && bytes.byteLength >= leastMovedBytes && bytes.buffer instanceof ArrayBuffer;
  // A view takes its whole buffer along.
  const sent = isView ? bytes.slice() : bytes;
  let inspection: Inspection | undefined;
  try {
    // To the end: a thread that is left in the middle of its job is not used again.
    for await (const found of runInThread("arrow-inspect", { bytes: sent, expected, givesBack: isMoved }, { signal, stallMs: timeoutMs, ...(isMoved && { transfer: [sent.buffer as ArrayBuffer] }) })) inspection = found as Inspection;
  } catch (error) {
    // Nobody has looked at the bytes yet.
    if (ShoalError.is(error, "decoder-not-started")) throw badResult({ message: "this machine was too busy to look at it" }, error, true);
    if (!(error instanceof ContentFault)) throw error;
    const isLate = error.code === "decoder-stalled";
    throw badResult({ message: isLate ? `it could not be read within ${timeoutMs} ms` : error.message }, error, isLate);
  }
  if (inspection?.fault !== undefined) throw badResult(inspection.fault);
  return { bytes: inspection?.bytes ?? bytes, sha256: inspection?.sha256 };
}

/** @param isLate time was up before anything was found: that may be the machine's doing */
function badResult({ message, column, row }: BlockFault, cause?: unknown, isLate = false): ShoalError {
  return new ShoalError("bad-result", `A result can't be used: ${message.replace(/\.$/, "")}.`, {
    failure: "worker-lost",
    hint: "The block runs again elsewhere; look at the worker that sent it.",
    details: { ...(isLate && { late: true }), ...(column === undefined ? {} : { column }), ...(row === undefined ? {} : { row }) },
    ...(cause === undefined ? {} : { cause }),
  });
}
