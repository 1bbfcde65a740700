import type { LedgerEntry } from "../ledger.ts";

/** One change to what an engine in memory knows. `seq` rises over all of them. */
export type LogRecord =
  | (LedgerEntry & { readonly job: string })
  | { readonly kind: "open" | "remove"; readonly seq: number; readonly job: string }
  | { readonly kind: "epoch"; readonly seq: number; readonly role: string };

/** Keeps records in order. */
export interface LedgerLog {
  /**
   * Resolves once the record is durable and the state has seen it; the state sees them in the order of the calls.
   * Rejects with a ShoalError when it is not, and the state never sees it; after a crash it may be found there all the same.
   */
  append(record: LogRecord): Promise<void>;
}
