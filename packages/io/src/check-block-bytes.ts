import { ShoalError } from "@shoal/core";
import type { BlockExpectation, BlockFault } from "./arrow-inspect.ts";
import { ContentFault } from "./content-fault.ts";
import { runInThread } from "./decode-thread.ts";

/**
 * Checks a block in Arrow IPC form that comes from strangers, in a thread: whatever the bytes do there, an endless loop too, costs the thread. Once they
 * pass, `decodeBlock` reads them without surprise.
 * @throws `bad-result` naming column and row where it can; the signal's reason
 */
export async function checkBlockBytes(bytes: Uint8Array, expected: BlockExpectation, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void> {
  // A view takes its whole buffer along.
  const sent = bytes.buffer.byteLength > 2 * bytes.byteLength ? bytes.slice() : bytes;
  let fault: BlockFault | undefined;
  try {
    // To the end: a thread that is left in the middle of its job is not used again.
    for await (const found of runInThread("arrow-inspect", { bytes: sent, expected }, { signal, stallMs: timeoutMs })) fault = found as BlockFault;
  } catch (error) {
    if (!(error instanceof ContentFault)) throw error;
    throw badResult({ message: error.code === "decoder-stalled" ? `it could not be read within ${timeoutMs} ms` : error.message }, error);
  }
  if (fault !== undefined) throw badResult(fault);
}

function badResult({ message, column, row }: BlockFault, cause?: unknown): ShoalError {
  return new ShoalError("bad-result", `A result can't be used: ${message.replace(/\.$/, "")}.`, {
    failure: "worker-lost",
    hint: "The block runs again elsewhere; look at the worker that sent it.",
    details: { ...(column === undefined ? {} : { column }), ...(row === undefined ? {} : { row }) },
    ...(cause === undefined ? {} : { cause }),
  });
}
