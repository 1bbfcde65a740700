import type { ShoalError } from "@shoal/core";
import type { BlobStore } from "./blob-store.ts";
import type { LeaderElection } from "./leader-election.ts";
import type { Ledger } from "./ledger.ts";
import type { TaskQueue } from "./task-queue.ts";

/**
 * What many machines share: what is committed, what is to be done, who leads, and the bytes. Truth is the manifest of a published output, then
 * the ledger, then the queue: what the ledger loses is computed again, what the queue loses is offered again.
 *
 * Each part states what every adapter keeps. Code above the port never asks which adapter runs; what one alone could do is not in here.
 */
export interface Engine {
  readonly ledger: Ledger;
  readonly queue: TaskQueue;
  readonly leader: LeaderElection;
  readonly blobs: BlobStore;
  /** Ledgers outlive this process. Where they don't, whoever is to be continued keeps what is done himself. */
  readonly keepsLedgers: boolean;
  /** Whether it takes writes now. A paused engine answers `undecided` to every one, and takes writes again by itself once the reason is gone. */
  status(): EngineStatus;
  /** Waits for the writes under way, and lets go of what it holds. Later ones reject with `engine-closed`. */
  close(): Promise<void>;
}

export type EngineStatus = { readonly state: "running" } | { readonly state: "paused"; readonly reason: ShoalError };
