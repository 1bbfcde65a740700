import { ShoalError, systemClock, type Clock } from "@shoal/core";
import { fromBase64Url, toBase64Url } from "../../connection/base64url.ts";
import { sha256Of, type Engine } from "../../engine/index.ts";
import { coordinatorLedger } from "../own-ledgers.ts";

const block = "secret";
const retryMs = 200;
const leastBytes = 32;

/**
 * What signs the links and keys of all gateways of an engine: the secret that was proposed first. So a key that one gateway gave holds at all.
 * @param proposed 32 random bytes or more; what this machine has used so far, so that its links go on working
 * @throws `engine-closed`; `ledger-unreadable`; the signal's reason
 */
export async function engineSecret({ ledger }: Engine, proposed: Uint8Array, { clock = systemClock, signal }: { readonly clock?: Clock; readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
  await ledger.open(coordinatorLedger);
  // Named by what is proposed, so that an answer that was lost is had by asking again.
  const attempt = `secret ${(await sha256Of(new Uint8Array(proposed))).slice(0, 32)}`;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ledger.commit(coordinatorLedger, block, { attempt, secret: toBase64Url(new Uint8Array(proposed)) });
    if (answer.outcome === "accepted") return proposed;
    if (answer.outcome === "lost") {
      const known = fromBase64Url(String(answer.winner["secret"]));
      if (known !== undefined && known.byteLength >= leastBytes) return known;
      throw new ShoalError("ledger-unreadable", "The secret that gateways of this engine share can't be read.", { hint: `While no gateway runs, remove the ledger ${coordinatorLedger} from the engine: a new one is made, and links that were given out let nobody in any more.`, failure: "bug" });
    }
    if (answer.outcome === "no-ledger") await ledger.open(coordinatorLedger);
    await clock.sleep(retryMs, signal);
  }
}
