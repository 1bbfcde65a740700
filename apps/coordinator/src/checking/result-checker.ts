import { checkBlockBytes, type BlockExpectation } from "@shoal/io";
import { ShoalError, type Logger } from "@shoal/core";
import { Turns } from "./turns.ts";

export interface ResultCheckerOptions {
  /** Results that are looked at side by side, each in a thread of its own. Default 1: it keeps up with hundreds of MB a second. */
  readonly threads?: number;
  /** For one result; then its thread is ended. Default 10 s. */
  readonly timeoutMs?: number;
  readonly log: Logger;
}

/**
 * Looks at the payload of a result before anybody else does. It takes it along, and gives it back.
 * @throws `bad-result`, with column and row in its details where one is to blame; the signal's reason
 */
export type CheckResult = (bytes: Uint8Array, expected: BlockExpectation, signal: AbortSignal) => Promise<Uint8Array>;

/** Checks results of workers that nobody has to trust: their form, not whether they are true. A payload that makes its reader hang costs a thread. */
export function createResultChecker({ threads = 1, timeoutMs = 10_000, log }: ResultCheckerOptions): CheckResult {
  const turns = new Turns(threads);
  return async (bytes, expected, signal) => {
    await turns.take(signal);
    try {
      return await checkBlockBytes(bytes, expected, { timeoutMs, signal, moves: true });
    } catch (error) {
      if (ShoalError.is(error, "bad-result")) log.warn(error.message);
      throw error;
    } finally {
      turns.giveBack();
    }
  };
}
