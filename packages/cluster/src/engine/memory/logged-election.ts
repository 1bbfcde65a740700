import type { Clock } from "@shoal/core";
import type { LeaderElection, Leadership } from "../leader-election.ts";
import type { LedgerLog } from "./ledger-log.ts";
import type { LedgerState } from "./ledger-state.ts";

/** Leases in memory, of whoever uses this engine; only epochs outlive it. */
export class LoggedElection implements LeaderElection {
  readonly shortestTtlMs = 20;
  readonly #state: LedgerState;
  readonly #log: LedgerLog;
  readonly #clock: Clock;
  readonly #holders = new Map<string, HeldRole>();

  constructor(state: LedgerState, log: LedgerLog, clock: Clock) {
    this.#state = state;
    this.#log = log;
    this.#clock = clock;
  }

  async acquire(role: string, ttlMs: number, signal?: AbortSignal): Promise<Leadership> {
    for (;;) {
      signal?.throwIfAborted();
      const holder = this.#holders.get(role);
      if (holder === undefined || !holder.isHeld()) break;
      await holder.untilFree(signal);
    }
    const epoch = this.#state.nextSeq();
    const held = new HeldRole(role, epoch, ttlMs, this.#clock);
    this.#holders.set(role, held);
    try {
      await this.#log.append({ kind: "epoch", seq: epoch, role });
    } catch (error) {
      await held.release();
      throw error;
    }
    // The time runs from when it is known, and nobody else could take it meanwhile unless it ran out.
    await held.renew();
    return held;
  }
}

class HeldRole implements Leadership {
  readonly role: string;
  readonly epoch: number;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  readonly #free = new AbortController();
  #until: number;

  constructor(role: string, epoch: number, ttlMs: number, clock: Clock) {
    this.role = role;
    this.epoch = epoch;
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.#until = clock.now() + ttlMs;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Asked by who wants it: one whose time is over has it no more. */
  isHeld(): boolean {
    if (this.#clock.now() >= this.#until) this.#end();
    return !this.#free.signal.aborted;
  }

  /** Late or not: nobody has wanted it meanwhile. */
  async renew(): Promise<boolean> {
    if (this.#free.signal.aborted) return false;
    this.#until = this.#clock.now() + this.#ttlMs;
    return true;
  }

  async release(): Promise<void> {
    this.#end();
  }

  /** Settles once others may try. */
  async untilFree(signal?: AbortSignal): Promise<void> {
    const either = signal === undefined ? this.#free.signal : AbortSignal.any([signal, this.#free.signal]);
    await this.#clock.sleep(Math.max(0, this.#until - this.#clock.now()), either).catch(() => {});
  }

  #end(): void {
    this.#free.abort();
    this.#lost.abort();
  }
}
