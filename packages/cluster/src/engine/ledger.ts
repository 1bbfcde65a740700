import type { JsonObject, ShoalError } from "@shoal/core";

/** What is committed for a block. The engine reads `attempt` and keeps the rest as it is; together at most 4 KB, bytes go into blobs. */
export interface CommitRecord extends JsonObject {
  /** Names one try at the block, and no other one ever: that is how a try recognises its own commit. */
  readonly attempt: string;
}

/** The write is durable: a crash of any process, or of as many machines as the adapter tolerates, does not undo it. */
export interface Accepted {
  readonly outcome: "accepted";
  /** Where it stands in the job's ledger. */
  readonly seq: number;
}

/** Another attempt was first, for certain and for ever. */
export interface Lost {
  readonly outcome: "lost";
  readonly winner: CommitRecord;
}

/** The job has no ledger: it was never opened, or is removed. Nobody wants the result. */
export interface NoLedger {
  readonly outcome: "no-ledger";
}

/**
 * Not known: it may have been written, may yet be written, or never. Send the very same again after a while (see `commitUntilDecided`); never
 * take it for lost, and never acknowledge a task over it.
 */
export interface Undecided {
  readonly outcome: "undecided";
  readonly reason: ShoalError;
}

/** A later leader has written to this job: this one leads no more, and nothing of the append was or will be written. */
export interface Deposed {
  readonly outcome: "deposed";
  readonly epoch: number;
}

export type CommitOutcome = Accepted | Lost | NoLedger | Undecided;
export type NoteOutcome = Accepted | NoLedger | Undecided;
export type AppendOutcome = Accepted | Deposed | NoLedger | Undecided;

/** Who appends: a role, in the epoch in which it was taken (see `Leadership`). */
export interface Fence {
  readonly role: string;
  readonly epoch: number;
}

/** What every entry has. */
export interface EntryPosition {
  /** Rises within a job; there may be gaps. */
  readonly seq: number;
}

/** One thing that was written to a job's ledger. */
export type LedgerEntry =
  | (EntryPosition & { readonly kind: "commit"; readonly block: string; readonly record: CommitRecord })
  | (EntryPosition & { readonly kind: "note"; readonly record: JsonObject })
  | (EntryPosition & Fence & { readonly kind: "append"; readonly records: readonly JsonObject[] });

/** What is committed: the one part that has to be right. Every job has a ledger of its own, from `open` to `remove`. */
export interface Ledger {
  /**
   * Gives the job a ledger; one that it has stays as it is. Durable when it resolves; may be repeated when it rejects (`engine-paused`).
   * A job that was removed is never opened again: its name is not to be used twice.
   */
  open(job: string): Promise<void>;
  /**
   * Removes all that the ledger holds of the job, once its manifest is published or nobody wants it any more. Without a ledger: nothing
   * happens. May be repeated when it rejects (`engine-paused`).
   */
  remove(job: string): Promise<void>;
  /** The jobs that have a ledger. */
  jobs(): Promise<readonly string[]>;

  /**
   * Commits a block; of all who ever try, one is accepted. Who sends a record with the `attempt` of the accepted one is told `accepted` with the
   * same `seq`, however often: so an undecided commit is settled by sending it again. No leader is needed: a result is as good as any other.
   */
  commit(job: string, block: string, record: CommitRecord): Promise<CommitOutcome>;
  /** What is committed for the block: as new as any answer given before the call. Rejects with `engine-paused` when that can't be told now. */
  committed(job: string, block: string): Promise<CommitRecord | undefined>;
  /** Writes down a failure, a vote, an observation. Sent again, it may stand there twice. */
  note(job: string, record: JsonObject): Promise<NoteOutcome>;
  /**
   * Writes records of a leader, all in one entry or none. From the moment that an append of a later epoch of the role is accepted for this job, those of
   * earlier epochs are refused. So a new leader first appends (no records will do), then replays, and what it reads of its predecessors is final.
   * Records: at most 4 KB together. One append of a leader at a time for each job. Sent again after `undecided`, it may stand there twice.
   */
  append(job: string, records: readonly JsonObject[], fence: Fence): Promise<AppendOutcome>;

  /** What stands there from `fromSeq` on, in order: everything accepted before the call, perhaps more, then it ends. Nothing for a job without ledger. */
  replay(job: string, fromSeq?: number): AsyncIterable<LedgerEntry>;
  /** The same, and then what comes, until the job's ledger is removed or the signal says so. An accepted entry follows within moments, not at once. */
  follow(job: string, signal: AbortSignal, fromSeq?: number): AsyncIterable<LedgerEntry>;
}
