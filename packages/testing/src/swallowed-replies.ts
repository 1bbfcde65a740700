import type { Ledger } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";

/** What becomes of one write: it is heard and answered; it arrives and the answer does not; it does not arrive. */
export type Delivery = "answered" | "reply-lost" | "request-lost";

/** A ledger behind a bad line: some writes are undecided, whether they arrived or not. Reads pass. */
export function withSwallowedReplies(ledger: Ledger, next: () => Delivery): Ledger {
  const undecided = { outcome: "undecided", reason: new ShoalError("engine-paused", "No answer came.", { hint: "Try again in a while." }) } as const;
  async function over<T>(write: () => Promise<T>): Promise<T | typeof undecided> {
    const delivery = next();
    if (delivery === "request-lost") return undecided;
    const answer = await write();
    return delivery === "answered" ? answer : undecided;
  }
  return {
    open: (job) => ledger.open(job),
    remove: (job) => ledger.remove(job),
    jobs: () => ledger.jobs(),
    committed: (job, block) => ledger.committed(job, block),
    replay: (job, fromSeq) => ledger.replay(job, fromSeq),
    follow: (job, signal, fromSeq) => ledger.follow(job, signal, fromSeq),
    commit: (job, block, record) => over(() => ledger.commit(job, block, record)),
    note: (job, record) => over(() => ledger.note(job, record)),
    append: (job, records, fence) => over(() => ledger.append(job, records, fence)),
  };
}
