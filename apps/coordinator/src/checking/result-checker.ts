import { checkBlockBytes, type BlockExpectation, type CheckedBytes } from "@shoal/io";
import { Permits } from "@shoal/core";

export interface ResultCheckerOptions {
  /** Results that are looked at side by side, each in a thread of its own. Default 1: it keeps up with hundreds of MB a second. */
  readonly threads?: number;
  /** For one result: CPU time of this process, and at most six times as long; then its thread is ended. Default 10 s. */
  readonly timeoutMs?: number;
}

/**
 * Checks results of workers that nobody has to trust: their form, not whether they are true. A payload that makes its reader hang costs a thread. What it gives takes the bytes along,
 * and gives them back; it throws `bad-result`, with column and row in its details where one is to blame, or the signal's reason.
 */
export function createResultChecker({ threads = 1, timeoutMs = 10_000 }: ResultCheckerOptions = {}): (bytes: Uint8Array, expected: BlockExpectation, signal: AbortSignal, begun?: () => void) => Promise<CheckedBytes> {
  const turns = new Permits(threads);
  return async (bytes, expected, signal, begun) => {
    const giveBack = await turns.take(signal);
    try {
      begun?.();
      return await checkBlockBytes(bytes, expected, { timeoutMs, signal, moves: true });
    } finally {
      giveBack();
    }
  };
}
