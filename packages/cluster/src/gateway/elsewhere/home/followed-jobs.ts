import type { ErrorData } from "@shoal/core";
import type { GatewayState } from "../../gateway-state.ts";
import { failJob } from "../../jobs/end-job.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { LedgerCommits } from "../../results/ledger-commits.ts";
import type { Claims } from "../claims.ts";
import { followJob } from "../follow-job.ts";
import type { JobNote } from "../job-notes.ts";

export interface GuestListener {
  /** Another gateway has these tasks, by their keys. */
  held(job: GatewayJob, tasks: readonly string[]): void;
  /** Its workers failed at what was lent under this number. */
  failed(number: number, error: ErrorData, row: number | undefined): void;
}

/** The jobs that are led here and that others have to do with: what those write into the ledgers is heard. */
export class FollowedJobs {
  readonly #state: GatewayState;
  readonly #commits: LedgerCommits;
  readonly #claims: Claims;
  readonly #listener: GuestListener;
  readonly #following = new Map<GatewayJob, AbortController>();

  constructor(state: GatewayState, commits: LedgerCommits, claims: Claims, listener: GuestListener) {
    this.#state = state;
    this.#commits = commits;
    this.#claims = claims;
    this.#listener = listener;
  }

  [Symbol.iterator](): MapIterator<GatewayJob> {
    return this.#following.keys();
  }

  has(job: GatewayJob): boolean {
    return this.#following.has(job);
  }

  follow(job: GatewayJob): void {
    if (this.#following.has(job) || job.role === undefined) return;
    const following = new AbortController();
    this.#following.set(job, following);
    const signal = AbortSignal.any([following.signal, this.#state.signal]);
    void followJob(this.#state, this.#commits, job, job.knownSeq + 1, signal, {
      note: (note) => this.#hear(job, note),
      ledBy: (gateway) => void job.epochs.add(gateway),
      // That its ledger is gone is met by whoever commits next.
      ended: () => {},
    }).catch(() => {});
  }

  leave(job: GatewayJob): void {
    this.#following.get(job)?.abort();
    this.#following.delete(job);
    this.#claims.forget(job);
  }

  #hear(job: GatewayJob, note: JobNote): void {
    const { loop } = this.#state;
    if (note.gateway === loop.epoch) return;
    switch (note.kind) {
      case "joined": return void job.epochs.add(note.gateway);
      case "claim": return this.#claims.heard(job, note.claim);
      case "holds": return this.#listener.held(job, note.tasks);
      case "failed": {
        if (note.task === undefined) return failJob(this.#state, job, note.error);
        return note.home === loop.epoch ? this.#listener.failed(note.task, note.error, note.row) : undefined;
      }
    }
  }
}
