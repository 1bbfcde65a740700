import { ShoalError } from "@shoal/core";
import type { QueueLease } from "../../../engine/index.ts";
import { findTask, segmentOf } from "../../../scheduler/state.ts";
import type { Claims } from "../claims.ts";
import type { EngineTrouble } from "../../engine-trouble.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { loanFrom, classesFor } from "../loan.ts";
import { queuedWant } from "../want.ts";
import { canRun } from "./can-run.ts";
import { LoanEntry } from "./loan-entry.ts";
import type { GuestLoan } from "./guest-loan.ts";
import { GuestLoans } from "./guest-loans.ts";
import { hungerOf, type Hunger } from "./guest-hunger.ts";
import type { GuestJobs } from "./guest-jobs.ts";
import { GuestOutcomes } from "./guest-outcomes.ts";
import { HeldNews } from "./held-news.ts";

const lookMs = 250;
/** While blocks come, what is missing is said as soon as it is. */
const soonMs = 250;
/** Until some came. */
const unknownTasksPerLoan = 24;
const mostLoans = 16;
const pauseMs = 1_000;

/** Blocks of other gateways' jobs come in where workers here have nothing to do: said in wants, pulled from the queue, acknowledged when the ledger has answered. */
export class GuestInlet {
  readonly outcomes: GuestOutcomes;
  readonly news: HeldNews;
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #trouble: EngineTrouble;
  readonly #onOwn: (numbers: Iterable<number>) => void;
  readonly #loans = new GuestLoans();
  readonly #entry: LoanEntry;
  /** Tasks in each of those loans that came last: what is taken beyond its hunger another gateway's workers wait for. */
  #perLoan = unknownTasksPerLoan;
  #wantedAt = -Infinity;
  /** Since when it is said in vain what is wanted. */
  #unheardSince: number | undefined;
  /** Something came since it was last said what is wanted. */
  #hasCome = false;
  #isPulling = false;

  /** @param onOwn loans of this gateway's own came back to it */
  constructor(state: GatewayState, guests: GuestJobs, claims: Claims, trouble: EngineTrouble, onOwn: (numbers: Iterable<number>) => void) {
    this.#state = state;
    this.#guests = guests;
    this.#trouble = trouble;
    this.#onOwn = onOwn;
    this.outcomes = new GuestOutcomes(state, guests, this.#loans);
    this.news = new HeldNews(state, guests, this.#loans);
    this.#entry = new LoanEntry({ state, guests, claims, loans: this.#loans, outcomes: this.outcomes, news: this.news });
  }

  /** Tasks of other gateways' jobs that are here. */
  get held(): number {
    return this.#entry.entering + this.#loans.tasks;
  }

  async run(): Promise<void> {
    const { clock, signal, log } = this.#state;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      try {
        this.#look();
      } catch (error) {
        log.warn(`What other gateways lend could not be looked after: ${ShoalError.from(error).message}`);
      }
    }
  }

  #look(): void {
    const { clock, engine, settings } = this.#state;
    const now = clock.now();
    for (const loan of this.#loans) {
      if (now - loan.extendedAt >= engine.queue.leaseMs / 3) loan.extend(now);
      if (this.#isMoving(loan)) loan.movedAt = now;
      // Workers went, or have other things to do: others are to have it.
      if (!canRun(this.#state, loan.job, loan.loan.segment) || now - loan.movedAt > settings.lentMs) this.outcomes.giveBack(loan);
    }
    // What comes in may count on the same rows.
    if (this.#entry.entering === 0) this.outcomes.forgetWithdrawn();
    this.news.mind(now);
    this.#mindIdle(now);
    const hunger = this.#hunger();
    if (hunger.blocks > 0) this.#want(hunger, now);
    else this.#unheardSince = undefined;
  }

  /** A job of which nothing was here for long is let go. */
  #mindIdle(now: number): void {
    const { jobs, settings } = this.#state;
    for (const job of jobs.values()) {
      if (job.guest === undefined) continue;
      if (this.#loans.hasAnyOf(job) || this.#isComputing(job)) job.guest.idleSince = undefined;
      else if (now - (job.guest.idleSince ??= now) > settings.guestIdleMs) this.#guests.drop(job);
    }
  }

  /** Workers have some of it, or the ledger has yet to answer. */
  #isComputing(job: GatewayJob): boolean {
    const segments = this.#state.loop.state.jobs.get(job.name)?.segments ?? [];
    return segments.some(({ open }) => [...open.values()].some(({ parts }) => parts.some(({ attempts, committing }) => attempts.length > 0 || committing !== undefined)));
  }

  #isMoving({ left }: GuestLoan): boolean {
    for (const { task } of left.values()) {
      const segment = segmentOf(this.#state.loop.state, task);
      const found = segment && findTask(segment, task);
      if (found !== undefined && (found.attempts.length > 0 || found.committing !== undefined)) return true;
    }
    return false;
  }

  // --- hunger ---

  #hunger(): Hunger {
    const { loop, inputs, settings, closing } = this.#state;
    // What can't be stored is not to be computed here.
    if (closing.aborted || this.#trouble.why !== undefined || inputs.bytes >= settings.heldBytes) return { blocks: 0, wants: [] };
    return hungerOf(loop.state, loop.epoch, this.held);
  }

  #want(hunger: Hunger, now: number): void {
    const { engine, settings, date, log } = this.#state;
    if (now - this.#wantedAt >= (this.#hasCome ? soonMs : settings.wantMs)) {
      this.#wantedAt = now;
      if (this.#hasCome) this.#unheardSince = undefined;
      this.#hasCome = false;
      const unheardMs = now - (this.#unheardSince ??= now);
      for (const want of hunger.wants) engine.queue.offer(queuedWant(want, date(), unheardMs)).catch((error: unknown) => log.debug(`The queue can't be asked now: ${ShoalError.from(error).message}`));
    }
    if (!this.#isPulling) void this.#pull();
  }

  async #pull(): Promise<void> {
    const { engine, settings, signal, closing, clock, log } = this.#state;
    this.#isPulling = true;
    try {
      for (let hunger = this.#hunger(); hunger.blocks > 0; hunger = this.#hunger()) {
        const classes = [...new Set(hunger.wants.flatMap(({ device, volunteer, runsCode }) => classesFor(device, { volunteer, runsCode })))];
        const count = Math.min(mostLoans, Math.ceil(hunger.blocks / this.#perLoan));
        const leases = await engine.queue.pull(classes, count, settings.wantMs, closing);
        if (leases.length === 0) return;
        const before = this.#entry.entering;
        let isOwn = false;
        for (const lease of leases) isOwn = this.#take(lease) || isOwn;
        const came = this.#entry.entering - before;
        if (came > 0) this.#perLoan = came / leases.length;
        // It may go out again at once, and is for others to take then.
        if (isOwn) await clock.sleep(pauseMs, closing);
      }
    } catch (error) {
      if (signal.aborted || closing.aborted) return;
      log.debug(`The queue can't be asked now: ${ShoalError.from(error).message}`);
      await clock.sleep(pauseMs, signal).catch(() => {});
    } finally {
      this.#isPulling = false;
    }
  }

  /** True: this gateway had lent it itself. */
  #take(lease: QueueLease): boolean {
    const { jobs, loop } = this.#state;
    const loan = loanFrom(lease.task.body);
    const done = (): boolean => {
      lease.acknowledge().catch(() => {});
      return loan?.home === loop.epoch;
    };
    // The queue made it up.
    if (loan === undefined) return done();
    const known = jobs.get(loan.job);
    if (loan.home === loop.epoch) this.#onOwn(loan.tasks.map(({ number }) => number));
    // Of its own, or of a job that is led here now: its driver has offered what is in it, or will.
    if (loan.home === loop.epoch || (known !== undefined && known.guest === undefined)) return done();
    this.#hasCome = true;
    this.#entry.take(loan, lease);
    return false;
  }

  /** The gateway ends: others are to have it at once. */
  giveBackAll(): void {
    for (const loan of this.#loans) this.outcomes.giveBack(loan);
  }
}
