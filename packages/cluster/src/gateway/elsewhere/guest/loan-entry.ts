import { ShoalError } from "@shoal/core";
import { sha256Of, type QueueLease } from "../../../engine/index.ts";
import type { TaskId } from "../../../scheduler/index.ts";
import { isOpenTask } from "../../../scheduler/state.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { Claims } from "../claims.ts";
import type { Loan, LentTask } from "../loan.ts";
import { canRun } from "./can-run.ts";
import { GuestLoan } from "./guest-loan.ts";
import type { GuestLoans } from "./guest-loans.ts";
import type { GuestJobs } from "./guest-jobs.ts";
import type { GuestOutcomes } from "./guest-outcomes.ts";
import type { GuestStanding } from "./guest-standing.ts";
import type { HeldNews } from "./held-news.ts";

/** A task that this gateway can't run is for another one, which needs a moment to take it. */
const giveBackMs = 1_000;
/** Of one that can't be taken: by then its home has taken back what it lent. */
const mostDeliveries = 20;
/** One that is given out again, or lay so long, may be done. */
const oldMs = 5_000;

export interface LoanEntryParts {
  readonly state: GatewayState;
  readonly guests: GuestJobs;
  readonly claims: Claims;
  readonly loans: GuestLoans;
  readonly outcomes: GuestOutcomes;
  readonly news: HeldNews;
}

/** A loan of the queue becomes blocks of the scheduler here: its job is taken up, what is done already left out, the rows of the rest fetched. */
export class LoanEntry {
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #claims: Claims;
  readonly #loans: GuestLoans;
  readonly #outcomes: GuestOutcomes;
  readonly #news: HeldNews;
  /** Tasks on their way in. */
  entering = 0;

  constructor({ state, guests, claims, loans, outcomes, news }: LoanEntryParts) {
    this.#state = state;
    this.#guests = guests;
    this.#claims = claims;
    this.#loans = loans;
    this.#outcomes = outcomes;
    this.#news = news;
  }

  take(loan: Loan, lease: QueueLease): void {
    const { clock, engine, log } = this.#state;
    this.entering += loan.tasks.length;
    // A store may be slow, and nobody else is to fetch the same meanwhile.
    const entered = new AbortController();
    const keepLease = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(engine.queue.leaseMs / 3, entered.signal);
        await lease.extend();
      }
    };
    keepLease().catch(() => {});
    this.#enter(loan, lease)
      .catch((error: unknown) => {
        log.debug(`Tasks of ${loan.job} could not be taken: ${ShoalError.from(error).message}`);
        // What describes the job is not there, for anybody; or nobody could ever take it, and it would come round and round. Should it be one all the same, its home offers it again.
        void (ShoalError.is(error, "blob-missing") || lease.deliveries > mostDeliveries ? lease.acknowledge() : lease.giveBack(giveBackMs)).catch(() => {});
      })
      .finally(() => {
        entered.abort();
        this.entering -= loan.tasks.length;
      });
  }

  async #enter(loan: Loan, lease: QueueLease): Promise<void> {
    const { clock } = this.#state;
    const job = await this.#guests.open(loan.job, loan.description, loan);
    if (job?.guest === undefined) return lease.acknowledge();
    job.guest.home = loan.home;
    job.guest.by = loan.by;
    job.guest.idleSince = undefined;
    job.epochs.add(loan.home);
    if (!canRun(this.#state, job, loan.segment)) return lease.giveBack(giveBackMs);
    const wanted = await this.#undecided(job.guest, loan, lease.deliveries);
    if (wanted.length === 0) return lease.acknowledge();
    const entered = new GuestLoan(job, loan, lease, clock.now());
    const fetched = await Promise.allSettled(wanted.map((task) => this.#fetch(entered, task)));
    const failure = fetched.find((one) => one.status === "rejected");
    // It may have come to be led here, or to its end, meanwhile.
    const isLent = this.#state.jobs.get(job.name) === job && (job.guest as unknown) !== undefined;
    if (failure !== undefined || !isLent || this.#state.closing.aborted) {
      for (const { task } of wanted) this.#outcomes.forgetInput(task);
      if (!isLent) return lease.acknowledge();
      if (failure === undefined) return lease.giveBack();
      throw failure.reason;
    }
    if (entered.left.size === 0) return lease.acknowledge();
    this.#loans.add(entered);
    this.#news.came(entered);
    for (const lent of entered.left.values()) {
      // While its rows were fetched, it may have been done.
      if (isDecided(job.guest, lent)) this.#outcomes.settle(lent.task);
      else this.#lend(lent.task, lent.blockRows, lent.input);
    }
  }

  async #undecided(standing: GuestStanding, { job, tasks, at }: Loan, deliveries: number): Promise<LentTask[]> {
    const { engine, date } = this.#state;
    const open = tasks.filter((task) => !isDecided(standing, task) && !this.#claims.isMade(task));
    if (deliveries <= 1 && Math.abs(date() - at) < oldMs) return open;
    const committed = await Promise.all(open.map(({ task }) => engine.ledger.committed(job, blockKey(task))));
    return open.filter((_, index) => committed[index] === undefined);
  }

  /** The rows of a task's block, where they are not here. One whose rows are lost goes back to whoever lent it. */
  async #fetch(loan: GuestLoan, lent: LentTask): Promise<void> {
    const { engine, inputs, jobs, passing } = this.#state;
    const { task, input, blockRows } = lent;
    const isByPlace = passing.areOf(jobs.get(task.job));
    if (inputs.get(task)?.input !== input) {
      try {
        const payload = await engine.blobs.get(input);
        if (!isByPlace && (await sha256Of(payload as Uint8Array<ArrayBuffer>)) !== input) throw new ShoalError("blob-damaged", `Blob ${input} is not what it is called.`, { hint: "Check the store of blobs." });
        inputs.hold(task, { rows: blockRows, input, payload, offeredBy: "" });
      } catch (error) {
        if (!ShoalError.is(error, "blob-missing") && !ShoalError.is(error, "blob-damaged")) throw error;
        this.#outcomes.sayFailed(loan, lent, { code: "blob-missing", message: ShoalError.from(error).message, failure: "aborted" });
        return;
      }
    }
    loan.left.set(blockKey(task), lent);
  }

  #lend(task: TaskId, blockRows: number, input: string): void {
    const { loop, inputs } = this.#state;
    const held = inputs.get(task);
    if (held?.input === input) loop.tell({ kind: "task-borrowed", task, blockRows, bytes: held.payload.byteLength });
    // Another job's rows under one name, or parts that overlap: not to be run here.
    if (!isOpenTask(loop.state, task)) this.#outcomes.settle(task);
  }
}

/** Parts of a block are decided one by one: of these the ledger is asked. */
function isDecided({ decided }: GuestStanding, { task, blockRows }: LentTask): boolean {
  return task.rows === blockRows && decided.has(task);
}
