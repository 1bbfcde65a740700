/** One holder a role at a time, as well as clocks allow; what must not be done by two is fenced by the epoch. */
export interface LeaderElection {
  /**
   * Takes the role as soon as nobody holds it: the last holder released it, or has not renewed it for the time that it asked for.
   * Waits until then; rejects with the signal's reason.
   * @param ttlMs how long it stays ours without `renew`; at least `shortestTtlMs`
   */
  acquire(role: string, ttlMs: number, signal?: AbortSignal): Promise<Leadership>;
  /** What the adapter can keep apart. */
  readonly shortestTtlMs: number;
}

/** A role that is ours, for a time. */
export interface Leadership {
  readonly role: string;
  /** Higher than all epochs of this role before, across restarts too. Goes with every `append`. */
  readonly epoch: number;
  /** Aborts once the role is known to be lost, or could not be renewed in time; an adapter may let one that was only late keep what nobody took. Until then others may hold it already: only the epoch is a fence. */
  readonly lost: AbortSignal;
  /** Keeps the role for another `ttlMs`; every third of that is a good time. False: it is lost. Who is stuck does not renew, and is replaced. */
  renew(): Promise<boolean>;
  /** Lets others have it at once. */
  release(): Promise<void>;
}
