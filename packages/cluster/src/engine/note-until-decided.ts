import { ShoalError, type JsonObject } from "@shoal/core";
import type { Accepted, Ledger, NoLedger } from "./ledger.ts";
import { untilDecided, type Persistence } from "./until-decided.ts";

/** Sends a note again until its fate is known, or the signal ends it. It may then stand there more than once. */
export function noteUntilDecided(ledger: Ledger, job: string, record: JsonObject, persistence: Persistence): Promise<Accepted | NoLedger> {
  return untilDecided(() => ledger.note(job, record), persistence);
}

/** The same, where the ledger is opened anew should it be gone. */
export async function noteInLedger(ledger: Ledger, job: string, record: JsonObject, persistence: Persistence): Promise<void> {
  await untilDecided(async () => {
    const noted = await ledger.note(job, record);
    if (noted.outcome !== "no-ledger") return noted;
    await ledger.open(job);
    const again = await ledger.note(job, record);
    // Somebody removes it as fast as it is opened.
    return again.outcome === "no-ledger" ? { outcome: "undecided", reason: new ShoalError("ledger-gone", `The ledger ${job} was gone as soon as it was opened.`) } : again;
  }, persistence);
}
