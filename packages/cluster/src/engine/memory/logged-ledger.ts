import { ShoalError, type JsonObject } from "@shoal/core";
import type { AppendOutcome, CommitOutcome, CommitRecord, Fence, Ledger, LedgerEntry, NoteOutcome, Undecided } from "../ledger.ts";
import type { LedgerLog, LogRecord } from "./ledger-log.ts";
import type { JobLedger, LedgerState } from "./ledger-state.ts";

/**
 * A ledger whose state is in memory and whose changes go through a log. Whatever is under way for a block, a role or a job is waited for before anything else
 * is decided about it: it may yet fail.
 */
export class LoggedLedger implements Ledger {
  readonly #state: LedgerState;
  readonly #log: LedgerLog;
  readonly #pending = new Map<string, Promise<unknown>>();
  /** The same of blocks, by job. */
  readonly #commits = new Map<string, Map<string, Promise<unknown>>>();

  constructor(state: LedgerState, log: LedgerLog) {
    this.#state = state;
    this.#log = log;
  }

  async open(job: string): Promise<void> {
    const key = jobKey(job);
    for (let other; (other = this.#underWay(key)) !== undefined; ) await other;
    if (this.#state.jobs.has(job)) return;
    await this.#write(key, { kind: "open", seq: this.#state.nextSeq(), job });
  }

  async remove(job: string): Promise<void> {
    const key = jobKey(job);
    for (let other; (other = this.#underWay(key)) !== undefined; ) await other;
    if (!this.#state.jobs.has(job)) return;
    await this.#write(key, { kind: "remove", seq: this.#state.nextSeq(), job });
  }

  async jobs(): Promise<readonly string[]> {
    return [...this.#state.jobs.keys()];
  }

  commit(job: string, block: string, record: CommitRecord): Promise<CommitOutcome> {
    return this.#commitUnderWay(job, block) === undefined ? this.#commitNow(job, block, record) : this.#commitLater(job, block, record);
  }

  async #commitLater(job: string, block: string, record: CommitRecord): Promise<CommitOutcome> {
    for (let other; (other = this.#commitUnderWay(job, block)) !== undefined; ) await other.catch(() => {});
    return this.#commitNow(job, block, record);
  }

  /** Most of what is written comes by here, so it makes as few promises as it can. */
  #commitNow(job: string, block: string, record: CommitRecord): Promise<CommitOutcome> {
    const ledger = this.#state.jobs.get(job);
    if (ledger === undefined) return Promise.resolve({ outcome: "no-ledger" });
    const winner = ledger.commits.get(block);
    if (winner !== undefined) return Promise.resolve(winner.record.attempt === record.attempt ? { outcome: "accepted", seq: winner.seq } : { outcome: "lost", winner: winner.record });
    const seq = this.#state.nextSeq();
    const written = this.#log.append({ kind: "commit", seq, job, block, record });
    let underWay = this.#commits.get(job);
    if (underWay === undefined) this.#commits.set(job, (underWay = new Map()));
    underWay.set(block, written);
    const settled = (): void => {
      underWay.delete(block);
      if (underWay.size === 0 && this.#commits.get(job) === underWay) this.#commits.delete(job);
    };
    return written.then(
      (): CommitOutcome => {
        settled();
        return { outcome: "accepted", seq };
      },
      (error: unknown): Undecided => {
        settled();
        return undecided(error);
      },
    );
  }

  #commitUnderWay(job: string, block: string): Promise<unknown> | undefined {
    return (this.#pending.size === 0 ? undefined : this.#pending.get(jobKey(job))) ?? this.#commits.get(job)?.get(block);
  }

  async committed(job: string, block: string): Promise<CommitRecord | undefined> {
    return this.#state.jobs.get(job)?.commits.get(block)?.record;
  }

  async note(job: string, record: JsonObject): Promise<NoteOutcome> {
    for (let other; (other = this.#underWay(jobKey(job))) !== undefined; ) await other;
    if (!this.#state.jobs.has(job)) return { outcome: "no-ledger" };
    return this.#entry(undefined, { kind: "note", seq: this.#state.nextSeq(), job, record });
  }

  async append(job: string, records: readonly JsonObject[], { role, epoch }: Fence): Promise<AppendOutcome> {
    const key = `append ${JSON.stringify([job, role])}`;
    for (let other; (other = this.#underWay(jobKey(job), key)) !== undefined; ) await other;
    const ledger = this.#state.jobs.get(job);
    if (ledger === undefined) return { outcome: "no-ledger" };
    const latest = ledger.fences.get(role) ?? 0;
    if (latest > epoch) return { outcome: "deposed", epoch: latest };
    return this.#entry(key, { kind: "append", seq: this.#state.nextSeq(), job, role, epoch, records });
  }

  async *replay(job: string, fromSeq = 0): AsyncGenerator<LedgerEntry> {
    const ledger = this.#state.jobs.get(job);
    if (ledger === undefined) return;
    const end = ledger.entries.length;
    for (let at = ledger.indexOf(fromSeq); at < end; at++) yield ledger.entries[at] as LedgerEntry;
  }

  async *follow(job: string, signal: AbortSignal, fromSeq = 0): AsyncGenerator<LedgerEntry> {
    const ledger = this.#state.jobs.get(job);
    if (ledger === undefined) return;
    for (let at = ledger.indexOf(fromSeq); !isOver(ledger, signal); ) {
      if (at < ledger.entries.length) yield ledger.entries[at++] as LedgerEntry;
      else await ledger.change(signal);
    }
  }

  async #entry(key: string | undefined, record: Extract<LogRecord, { kind: "note" | "append" }>): Promise<{ outcome: "accepted"; seq: number } | Undecided> {
    try {
      await this.#write(key, record);
      return { outcome: "accepted", seq: record.seq };
    } catch (error) {
      return undecided(error);
    }
  }

  async #write(key: string | undefined, record: LogRecord): Promise<void> {
    const written = this.#log.append(record);
    if (key === undefined) return written;
    this.#pending.set(key, written);
    try {
      await written;
    } finally {
      this.#pending.delete(key);
    }
  }

  /** Something that must be decided first. Between the last look and the write that follows nothing may be awaited. */
  #underWay(...keys: readonly string[]): Promise<unknown> | undefined {
    for (const key of keys) {
      const write = this.#pending.get(key);
      if (write !== undefined) return write.catch(() => {});
    }
    return undefined;
  }
}

function undecided(error: unknown): Undecided {
  if (ShoalError.is(error, "engine-closed")) throw error;
  return { outcome: "undecided", reason: ShoalError.from(error) };
}

function jobKey(job: string): string {
  return `job ${job}`;
}

function isOver(ledger: JobLedger, signal: AbortSignal): boolean {
  return ledger.removed || signal.aborted;
}
