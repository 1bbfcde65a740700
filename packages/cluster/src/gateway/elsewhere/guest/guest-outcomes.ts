import type { ErrorData } from "@shoal/core";
import type { TaskEntry, TaskId } from "../../../scheduler/index.ts";
import { findTask, segmentOf } from "../../../scheduler/state.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { LentTask } from "../loan.ts";
import type { GuestBundle } from "./guest-loan.ts";
import type { GuestBundles } from "./guest-loans.ts";
import { noteError, type GuestJobs } from "./guest-jobs.ts";

/** What becomes of tasks that are lent to this gateway: the ledger decides, workers here fail, they are withdrawn, or go back. */
export class GuestOutcomes {
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #bundles: GuestBundles;
  /** Tasks that were withdrawn while the scheduler was at something: the rows of their blocks go when it is through. */
  readonly #leaving: TaskId[] = [];

  constructor(state: GatewayState, guests: GuestJobs, bundles: GuestBundles) {
    this.#state = state;
    this.#guests = guests;
    this.#bundles = bundles;
  }

  /** Nobody here has to do with the task any more: the ledger has it, or it can't be run here. */
  settle(task: TaskId): void {
    const job = this.#state.jobs.get(task.job);
    if (job === undefined || !this.#bundles.hasAnyOf(job)) return;
    for (const bundle of this.#bundles.settle(job, blockKey(task))) bundle.acknowledge();
    this.forgetInput(task);
  }

  /** Workers here failed at a task until it is to be cut up or given up, or at a row over which the run ends: that is for its home to say, which may know better workers. */
  sentence(job: GatewayJob, task: TaskId, entry: TaskEntry): void {
    const { loop } = this.#state;
    const segment = segmentOf(loop.state, task);
    const trouble = (segment && findTask(segment, task))?.trouble;
    const failed = entry.kind === "result" ? job.checked(task, entry.attempt, entry.worker)?.about.failures[0] : undefined;
    const error = failed?.error ?? trouble?.lastError ?? (entry.kind === "quarantine" ? entry.error : { code: "worker-lost", message: "Workers failed at it." });
    for (const bundle of this.#bundles.with(job, blockKey(task))) {
      const lent = bundle.left.get(blockKey(task));
      if (lent !== undefined) this.sayFailed(bundle, lent, error, failed?.row ?? trouble?.guiltyRow);
    }
    if (entry.kind === "result") job.discard(task, entry.attempt);
    this.withdraw(task);
  }

  sayFailed({ job, bundle }: GuestBundle, { number }: LentTask, error: ErrorData, row?: number): void {
    void this.#guests.tell(job.name, { kind: "failed", gateway: this.#state.loop.epoch, home: bundle.home, task: number, error: noteError(error), ...(row === undefined ? {} : { row }) });
  }

  /** It is not to be run here any more. */
  withdraw(task: TaskId): void {
    this.#state.loop.tell({ kind: "task-withdrawn", task });
    this.settle(task);
    this.#leaving.push(task);
  }

  giveBack(bundle: GuestBundle): void {
    const tasks = [...bundle.left.values()];
    this.#bundles.forget(bundle);
    bundle.giveBack();
    for (const { task } of tasks) if (this.#bundles.with(bundle.job, blockKey(task)).length === 0) this.#state.loop.tell({ kind: "task-withdrawn", task });
    for (const { task } of tasks) this.forgetInput(task);
  }

  /** Of a job that is over, or led here now: the queue need not keep what was lent of it. */
  left(job: GatewayJob): void {
    for (const bundle of this.#bundles) {
      if (bundle.job !== job) continue;
      bundle.acknowledge();
      this.#bundles.forget(bundle);
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
