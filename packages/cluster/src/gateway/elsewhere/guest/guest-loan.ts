import type { QueueLease } from "../../../engine/index.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { Loan, LentTask } from "../loan.ts";

/** Tasks that another gateway has lent to this one, until the ledger has answered for each. */
export class GuestLoan {
  readonly job: GatewayJob;
  readonly loan: Loan;
  /** By the keys of their tasks: those that are not decided. */
  readonly left = new Map<string, LentTask>();
  extendedAt: number;
  /** When a worker here was last seen to have any of it, or it came. */
  movedAt: number;
  readonly #lease: QueueLease;

  constructor(job: GatewayJob, loan: Loan, lease: QueueLease, now: number) {
    this.job = job;
    this.loan = loan;
    this.#lease = lease;
    this.extendedAt = now;
    this.movedAt = now;
  }

  acknowledge(): void {
    this.#lease.acknowledge().catch(() => {});
  }

  extend(now: number): void {
    this.extendedAt = now;
    this.#lease.extend().catch(() => {});
  }

  giveBack(delayMs?: number): void {
    this.#lease.giveBack(delayMs).catch(() => {});
  }
}
