import { commitUntilDecided, coordinatorLedger, type Engine } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import type { KeptLink } from "../state/coordinator-state.ts";

/** A link that stands in the engine. */
export interface SharedLink extends KeptLink {
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface SharedLinkParts {
  readonly engine: Engine;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/**
 * The link for a purpose that all gateways of an engine print: the first one that needs it makes it. One that is no good any more gets a successor.
 * @throws `engine-paused`, `ledger-gone`, the signal's reason
 */
export async function sharedLink({ engine: { ledger }, clock, random, signal }: SharedLinkParts, purpose: string, isGood: (link: SharedLink) => boolean, make: () => Promise<SharedLink>): Promise<SharedLink> {
  await ledger.open(coordinatorLedger);
  for (let number = 0; ; number++) {
    const block = `link-${purpose.replaceAll("+", "-")}-${number}`;
    const there = linkIn(await ledger.committed(coordinatorLedger, block));
    if (there !== undefined && isGood(there)) return there;
    if (there !== undefined) continue;
    const { token, invite, expiresAt } = await make();
    const outcome = await commitUntilDecided(ledger, coordinatorLedger, block, { attempt: invite, token, expiresAt }, { clock, random, signal });
    // Lost: to another gateway that starts at the same time.
    const taken = outcome.outcome === "accepted" ? { token, invite, expiresAt } : outcome.outcome === "lost" ? linkIn(outcome.winner) : undefined;
    if (taken === undefined) throw new ShoalError("ledger-gone", "The ledger in which gateways keep their links was removed.", { hint: "Start the gateways again.", failure: "bug" });
    return taken;
  }
}

function linkIn(record: { readonly attempt: string; readonly token?: unknown; readonly expiresAt?: unknown } | undefined): SharedLink | undefined {
  if (record === undefined) return undefined;
  return { token: String(record.token), invite: record.attempt, expiresAt: Number(record.expiresAt) };
}
