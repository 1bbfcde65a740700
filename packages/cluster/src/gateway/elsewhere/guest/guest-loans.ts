import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GuestLoan } from "./guest-loan.ts";

/** The loans that are here, found by the tasks in them: one task may have come in several. */
export class GuestLoans {
  readonly #loans = new Set<GuestLoan>();
  /** By job, then by the keys of tasks. */
  readonly #byTask = new Map<GatewayJob, Map<string, Set<GuestLoan>>>();

  [Symbol.iterator](): SetIterator<GuestLoan> {
    return this.#loans.values();
  }

  /** Tasks that are not decided. */
  get tasks(): number {
    let tasks = 0;
    for (const { left } of this.#loans) tasks += left.size;
    return tasks;
  }

  add(loan: GuestLoan): void {
    this.#loans.add(loan);
    let byTask = this.#byTask.get(loan.job);
    if (byTask === undefined) this.#byTask.set(loan.job, (byTask = new Map()));
    for (const key of loan.left.keys()) byTask.set(key, (byTask.get(key) ?? new Set()).add(loan));
  }

  hasAnyOf(job: GatewayJob): boolean {
    return this.#byTask.has(job);
  }

  keysOf(job: GatewayJob): Iterable<string> {
    return this.#byTask.get(job)?.keys() ?? [];
  }

  with(job: GatewayJob, key: string): readonly GuestLoan[] {
    return [...(this.#byTask.get(job)?.get(key) ?? [])];
  }

  /** The task is decided. Gives the loans of which it was the last one, which are here no more. */
  settle(job: GatewayJob, key: string): readonly GuestLoan[] {
    const loans = this.with(job, key);
    for (const loan of loans) {
      this.#drop(loan, key);
      loan.left.delete(key);
    }
    const done = loans.filter(({ left }) => left.size === 0);
    for (const loan of done) this.#loans.delete(loan);
    return done;
  }

  forget(loan: GuestLoan): void {
    this.#loans.delete(loan);
    for (const key of loan.left.keys()) this.#drop(loan, key);
  }

  #drop(loan: GuestLoan, key: string): void {
    const byTask = this.#byTask.get(loan.job);
    const loans = byTask?.get(key);
    loans?.delete(loan);
    if (loans?.size === 0) byTask?.delete(key);
    if (byTask?.size === 0) this.#byTask.delete(loan.job);
  }
}
