import type { JsonObject } from "@shoal/core";
import type { Accepted, Ledger, NoLedger } from "./ledger.ts";
import { untilDecided, type Persistence } from "./until-decided.ts";

/** Sends a note again until its fate is known, or the signal ends it. It may then stand there more than once. */
export function noteUntilDecided(ledger: Ledger, job: string, record: JsonObject, persistence: Persistence): Promise<Accepted | NoLedger> {
  return untilDecided(() => ledger.note(job, record), persistence);
}

/** The same, where the ledger is opened anew should it be gone. */
export async function noteInLedger(ledger: Ledger, job: string, record: JsonObject, persistence: Persistence): Promise<void> {
  while ((await noteUntilDecided(ledger, job, record, persistence)).outcome === "no-ledger") await ledger.open(job);
}
