import type { Accepted, CommitRecord, Ledger, Lost, NoLedger } from "./ledger.ts";
import { untilDecided, type Persistence } from "./until-decided.ts";

/** Sends a commit again until its fate is known, or the signal ends it. */
export function commitUntilDecided(ledger: Ledger, job: string, block: string, record: CommitRecord, persistence: Persistence): Promise<Accepted | Lost | NoLedger> {
  return untilDecided(() => ledger.commit(job, block, record), persistence);
}
