import { ShoalError } from "@shoal/core";
import type { Claims } from "./claims.ts";
import { committedOf } from "./commit-record.ts";
import type { GatewayState } from "./gateway-state.ts";
import { filesOf } from "./model-files.ts";
import { isOwnLedger } from "./own-ledgers.ts";

/** What was stored within this time may be about to be committed. */
const graceMs = 600_000;
/** Not at once at the start: drivers come back first. */
const firstMs = 600_000;
const everyMs = 3_600_000;

/** Removes what nothing refers to any more: ledgers that nobody has come back to, results that no ledger names, files that no job needs. */
export class BlobCollection {
  readonly #state: GatewayState;
  readonly #claims: Claims;
  #dueAt: number;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(state: GatewayState, claims: Claims) {
    this.#state = state;
    this.#claims = claims;
    this.#dueAt = state.clock.now() + firstMs;
  }

  /** Now and again, should no job end for long. Called about once a second. */
  mind(): void {
    if (this.#state.clock.now() >= this.#dueAt) this.start();
  }

  /** Now, or once more when the one under way is through. */
  start(): void {
    this.#dueAt = this.#state.clock.now() + everyMs;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#collect()
      .catch((error: unknown) => this.#state.log.warn(`Results that are not needed any more could not be removed: ${ShoalError.from(error).message}`))
      .finally(() => {
        this.#running = undefined;
        if (!this.#again || this.#state.signal.aborted) return;
        this.#again = false;
        this.start();
      });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #collect(): Promise<void> {
    const { engine, files, jobs } = this.#state;
    await this.#removeOldLedgers();
    const named = new Set<string>();
    for (const job of await engine.ledger.jobs()) {
      if (isOwnLedger(job)) continue;
      for await (const entry of engine.ledger.replay(job)) {
        if (entry.kind !== "commit") continue;
        const committed = committedOf(entry.record);
        if (committed.kind === "result") named.add(committed.sha256);
      }
    }
    for (const job of jobs.values()) for (const sha256 of job.undecided()) named.add(sha256);
    await engine.blobs.collect((sha256) => named.has(sha256), graceMs);
    const needed = new Set<string>();
    for (const { isOver, description } of jobs.values()) if (!isOver) for (const sha256 of filesOf(description)) needed.add(sha256);
    await files?.collect?.((sha256) => needed.has(sha256));
  }

  /** Of jobs that nobody has come back to for days. */
  async #removeOldLedgers(): Promise<void> {
    const { engine, jobs, settings, date } = this.#state;
    for (const job of await engine.ledger.jobs()) {
      if (isOwnLedger(job) || jobs.has(job)) continue;
      let openedAt: number | undefined;
      for await (const entry of engine.ledger.replay(job)) {
        if (entry.kind !== "append") continue;
        for (const { kind, at } of entry.records) if (kind === "opened" && typeof at === "number") openedAt = at;
      }
      if (openedAt !== undefined && openedAt + settings.ledgerMs < date()) await engine.ledger.remove(job);
    }
  }
}
