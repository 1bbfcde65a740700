import { isStandIn } from "../../../scheduler/stand-ins.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { blockKey } from "../../results/commit-record.ts";
import { holdsNotes } from "../job-notes.ts";
import type { GuestLoan } from "./guest-loan.ts";
import type { GuestLoans } from "./guest-loans.ts";
import type { GuestJobs } from "./guest-jobs.ts";

/** What is held here is said to whoever leads the jobs, which takes what nobody says for lost. */
export class HeldNews {
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #loans: GuestLoans;
  #saidAt = -Infinity;
  /** What came since its homes were told last what is here. */
  #unsaid: GuestLoan[] = [];
  /** Jobs of which it is being said what is held. */
  readonly #saying = new Set<GatewayJob>();

  constructor(state: GatewayState, guests: GuestJobs, loans: GuestLoans) {
    this.#state = state;
    this.#guests = guests;
    this.#loans = loans;
  }

  came(loan: GuestLoan): void {
    this.#unsaid.push(loan);
  }

  /** Says what is due: all that is here now and then, what came since at once. */
  mind(now: number): void {
    if (now - this.#saidAt >= this.#state.settings.wantMs) this.#sayAll(now);
    else if (this.#unsaid.length > 0) this.#sayNew();
  }

  #sayAll(now: number): void {
    this.#saidAt = now;
    this.#unsaid = [];
    for (const job of this.#state.jobs.values()) {
      // An engine that does not answer is not told the same again and again.
      if (job.guest === undefined || this.#saying.has(job)) continue;
      this.#saying.add(job);
      void this.sayOf(job).finally(() => this.#saying.delete(job));
    }
  }

  /** Said anew is only what is new: all that is here, each time that something comes, would be more than the results. */
  #sayNew(): void {
    const keys = new Map<string, string[]>();
    for (const { job, left } of this.#unsaid) {
      const all = keys.get(job.name) ?? [];
      all.push(...left.keys());
      keys.set(job.name, all);
    }
    this.#unsaid = [];
    for (const [job, all] of keys) for (const note of holdsNotes(this.#state.loop.epoch, all)) void this.#guests.tell(job, note);
  }

  /** Of a job: what was lent, and what workers had, or was on its way into the ledger, when this gateway still led it. @param more keys of what others have beside that */
  async sayOf(job: GatewayJob, more: readonly string[] = []): Promise<void> {
    const keys = new Set([...this.#loans.keysOf(job), ...more]);
    for (const { index, open } of this.#state.loop.state.jobs.get(job.name)?.segments ?? []) {
      for (const [block, { parts }] of open) for (const { first, rows, attempts, committing } of parts) if (committing !== undefined || attempts.some(({ worker }) => !isStandIn(worker))) keys.add(blockKey({ segment: index, block, first, rows }));
    }
    await Promise.all(holdsNotes(this.#state.loop.epoch, keys).map((note) => this.#guests.tell(job.name, note)));
  }
}
