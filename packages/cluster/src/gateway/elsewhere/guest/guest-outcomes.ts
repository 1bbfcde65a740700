import type { ErrorData } from "@shoal/core";
import type { TaskEntry, TaskId } from "../../../scheduler/index.ts";
import { findTask, segmentOf } from "../../../scheduler/state.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { LentTask } from "../loan.ts";
import type { GuestLoan } from "./guest-loan.ts";
import type { GuestLoans } from "./guest-loans.ts";
import { noteError, type GuestJobs } from "./guest-jobs.ts";

/** What becomes of tasks that are lent to this gateway: the ledger decides, workers here fail, they are withdrawn, or go back. */
export class GuestOutcomes {
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #loans: GuestLoans;
  /** Tasks that were withdrawn while the scheduler was at something: the rows of their blocks go when it is through. */
  readonly #leaving: TaskId[] = [];

  constructor(state: GatewayState, guests: GuestJobs, loans: GuestLoans) {
    this.#state = state;
    this.#guests = guests;
    this.#loans = loans;
  }

  /** Nobody here has to do with the task any more: the ledger has it, or it can't be run here. */
  settle(task: TaskId): void {
    const job = this.#state.jobs.get(task.job);
    if (job === undefined || !this.#loans.hasAnyOf(job)) return;
    for (const loan of this.#loans.settle(job, blockKey(task))) loan.acknowledge();
    this.forgetInput(task);
  }

  /** Workers here failed at a task until it is to be cut up or given up, or at a row over which the run ends: that is for its home to say, which may know better workers. */
  sentence(job: GatewayJob, task: TaskId, entry: TaskEntry): void {
    const { loop } = this.#state;
    const segment = segmentOf(loop.state, task);
    const trouble = (segment && findTask(segment, task))?.trouble;
    const failed = entry.kind === "result" ? job.checked(task, entry.attempt, entry.worker)?.about.failures[0] : undefined;
    const error = failed?.error ?? trouble?.lastError ?? (entry.kind === "quarantine" ? entry.error : { code: "worker-lost", message: "Workers failed at it." });
    for (const loan of this.#loans.with(job, blockKey(task))) {
      const lent = loan.left.get(blockKey(task));
      if (lent !== undefined) this.sayFailed(loan, lent, error, failed?.row ?? trouble?.guiltyRow);
    }
    if (entry.kind === "result") job.discard(task, entry.attempt);
    this.withdraw(task);
  }

  sayFailed({ job, loan }: GuestLoan, { number }: LentTask, error: ErrorData, row?: number): void {
    void this.#guests.tell(job.name, { kind: "failed", gateway: this.#state.loop.epoch, home: loan.home, task: number, error: noteError(error), ...(row === undefined ? {} : { row }) });
  }

  /** It is not to be run here any more. */
  withdraw(task: TaskId): void {
    this.#state.loop.tell({ kind: "task-withdrawn", task });
    this.settle(task);
    this.#leaving.push(task);
  }

  giveBack(loan: GuestLoan): void {
    const tasks = [...loan.left.values()];
    this.#loans.forget(loan);
    loan.giveBack();
    for (const { task } of tasks) if (this.#loans.with(loan.job, blockKey(task)).length === 0) this.#state.loop.tell({ kind: "task-withdrawn", task });
    for (const { task } of tasks) this.forgetInput(task);
  }

  /** Of a job that is over, or led here now: the queue need not keep what was lent of it. */
  left(job: GatewayJob): void {
    for (const loan of this.#loans) {
      if (loan.job !== job) continue;
      loan.acknowledge();
      this.#loans.forget(loan);
    }
  }

  forgetWithdrawn(): void {
    for (const task of this.#leaving.splice(0)) this.forgetInput(task);
  }

  /** Its rows are needed as long as a part of the block is here. */
  forgetInput(task: TaskId): void {
    const { loop, inputs } = this.#state;
    if (segmentOf(loop.state, task)?.open.has(task.block) !== true) inputs.take(task);
  }
}
