import type { LedgerEntry } from "../ledger.ts";
import type { LogRecord } from "./ledger-log.ts";

type CommitEntry = Extract<LedgerEntry, { kind: "commit" }>;

/** A job's ledger in memory: its entries in order, and what is asked of them all the time. */
export class JobLedger {
  readonly openedSeq: number;
  readonly entries: LedgerEntry[] = [];
  readonly commits = new Map<string, CommitEntry>();
  /** The latest epoch that has written, by role. */
  readonly fences = new Map<string, number>();
  removed = false;
  readonly #waiting = new Set<() => void>();

  constructor(openedSeq: number) {
    this.openedSeq = openedSeq;
  }

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
    if (entry.kind === "commit") this.commits.set(entry.block, entry);
    if (entry.kind === "append") this.fences.set(entry.role, Math.max(entry.epoch, this.fences.get(entry.role) ?? 0));
    this.wake();
  }

  /** The index of the first entry whose `seq` is not below. */
  indexOf(seq: number): number {
    let low = 0;
    for (let high = this.entries.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.entries[middle] as LedgerEntry).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Settles with the next change, or when the signal aborts. */
  change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  wake(): void {
    for (const done of this.#waiting) done();
  }
}

/** All that is known, in memory: what a log's records make, one after the other. */
export class LedgerState {
  readonly jobs = new Map<string, JobLedger>();
  readonly epochs = new Map<string, number>();
  #lastSeq = 0;
  #appliedSeq = 0;
  #size = 0;

  nextSeq(): number {
    return ++this.#lastSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Of the last record that was applied. */
  get appliedSeq(): number {
    return this.#appliedSeq;
  }

  /** How many records make this state. */
  get size(): number {
    return this.#size + this.epochs.size;
  }

  /** No `seq` up to this one is given out any more. */
  skipTo(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  apply(record: LogRecord): void {
    this.skipTo(record.seq);
    this.#appliedSeq = record.seq;
    switch (record.kind) {
      case "open":
        this.#job(record.job, record.seq);
        break;
      case "remove": {
        const job = this.jobs.get(record.job);
        this.jobs.delete(record.job);
        if (job === undefined) break;
        this.#size -= 1 + job.entries.length;
        job.removed = true;
        job.wake();
        break;
      }
      case "epoch":
        this.epochs.set(record.role, record.seq);
        break;
      default: {
        const { job } = record;
        const entry = entryOf(record);
        // A repaired journal may have lost what opened the job, and may hold what was given up when its file was.
        const ledger = this.#job(job, entry.seq);
        if (entry.kind === "commit" && ledger.commits.has(entry.block)) break;
        ledger.add(entry);
        this.#size++;
      }
    }
  }

  /** The records that make this state, up to a `seq`: without those of jobs that are removed, and of epochs that are over. */
  *records(untilSeq = this.#lastSeq): Generator<LogRecord> {
    for (const [role, seq] of this.epochs) if (seq <= untilSeq) yield { kind: "epoch", seq, role };
    for (const [job, { openedSeq, entries }] of this.jobs) {
      if (openedSeq > untilSeq) continue;
      yield { kind: "open", seq: openedSeq, job };
      // Entries may be added meanwhile, behind that `seq`.
      for (let at = 0; at < entries.length && (entries[at] as LedgerEntry).seq <= untilSeq; at++) yield { ...(entries[at] as LedgerEntry), job };
    }
  }

  #job(name: string, seq: number): JobLedger {
    let job = this.jobs.get(name);
    if (job === undefined) {
      this.jobs.set(name, (job = new JobLedger(seq)));
      this.#size++;
    }
    return job;
  }
}

/** Without the job's name; written out, because this is done for every record of a journal. */
function entryOf(record: LedgerEntry): LedgerEntry {
  const { seq, kind } = record;
  if (kind === "commit") return { kind, seq, block: record.block, record: record.record };
  if (kind === "note") return { kind, seq, record: record.record };
  return { kind, seq, role: record.role, epoch: record.epoch, records: record.records };
}
