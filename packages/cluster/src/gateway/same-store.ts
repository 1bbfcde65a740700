import { ShoalError, systemClock, systemRandom, type Clock } from "@shoal/core";
import { commitUntilDecided, sha256Of, type Engine } from "../engine/index.ts";
import { coordinatorLedger } from "./own-ledgers.ts";

const block = "store";

/** What lies in the store that gateways of an engine share, and is looked for by each that comes. */
function markOf(id: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`All gateways of this engine keep their blobs here: ${id}\n`);
}

/**
 * Sees that this gateway's blobs are those of the others: rows that one stores and another does not find would be lent to and fro for ever. The first gateway puts a mark there.
 * @throws `store-differs`; what the store throws; `engine-closed`; the signal's reason
 */
export async function assertSameStore({ ledger, blobs }: Engine, { clock = systemClock, random = systemRandom, signal = new AbortController().signal }: { readonly clock?: Clock; readonly random?: () => number; readonly signal?: AbortSignal } = {}): Promise<void> {
  await ledger.open(coordinatorLedger);
  const known = await ledger.committed(coordinatorLedger, block);
  const id = known === undefined ? await leaveMark() : String(known["id"]);
  const mark = markOf(id);
  const sha256 = await sha256Of(mark);
  if ((await blobs.size(sha256)) === undefined) throw storeDiffers();
  // As good as new.
  await blobs.put(sha256, mark);

  /** In this store, if no other gateway was first. */
  async function leaveMark(): Promise<string> {
    // Gateways that begin at once are to have different ones.
    const own = Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0")).join("");
    await blobs.put(await sha256Of(markOf(own)), markOf(own));
    const answer = await commitUntilDecided(ledger, coordinatorLedger, block, { attempt: own, id: own }, { clock, random, signal });
    return answer.outcome === "lost" ? String(answer.winner["id"]) : own;
  }
}

/** Its mark, which is not to be collected; undefined where there is none. */
export async function storeMark({ ledger }: Engine): Promise<string | undefined> {
  const known = await ledger.committed(coordinatorLedger, block);
  return known === undefined ? undefined : sha256Of(markOf(String(known["id"])));
}

function storeDiffers(): ShoalError {
  return new ShoalError("store-differs", "The store of this gateway is not the one that the engine's other gateways have: what they left there is not in it.", {
    hint: "Give all of them the same --store, and see that a shared folder is mounted here. Where the former store is lost for good, take another --prefix: what was kept in it is lost too.", failure: "bug",
  });
}
