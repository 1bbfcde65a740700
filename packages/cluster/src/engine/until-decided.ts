import type { Clock } from "@shoal/core";
import type { Undecided } from "./ledger.ts";

export interface Persistence {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 0 ≤ x < 1: those who were refused together don't come back together. */
  readonly random: () => number;
  /** Told of every answer that decides nothing, so that somebody can be told why it takes so long. */
  readonly onUndecided?: (undecided: Undecided) => void;
}

const firstWaitMs = 2;
const longestWaitMs = 1000;

/** Sends a write again until its fate is known. An engine that elects a new leader takes seconds, a full disk hours: the signal ends it. */
export async function untilDecided<Decided extends { readonly outcome: string }>(write: () => Promise<Decided | Undecided>, { clock, signal, random, onUndecided }: Persistence): Promise<Decided> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    signal.throwIfAborted();
    const answer = await write();
    if (!isUndecided(answer)) return answer;
    onUndecided?.(answer);
    await clock.sleep(waitMs * (0.5 + random()), signal);
  }
}

function isUndecided(answer: { readonly outcome: string }): answer is Undecided {
  return answer.outcome === "undecided";
}
