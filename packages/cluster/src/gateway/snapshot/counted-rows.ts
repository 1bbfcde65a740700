import { RecentRate } from "../../rates/recent-rate.ts";

/** Tasks that came to nothing are not told of: the oldest go. */
const mostUnderWay = 4_096;

/** Rows per second, of which those of tasks under way count as they are done: a block may take longer than anybody waits for a number. */
export class CountedRows<Key> {
  readonly #rate = new RecentRate();
  readonly #underWay = new Map<Key, number>();

  begin(now: number): void {
    this.#rate.begin(now);
  }

  /** So many rows of a task that runs are done. They only rise. */
  progressed(now: number, task: Key, rows: number): void {
    const before = this.#underWay.get(task) ?? 0;
    if (rows <= before) return;
    this.#underWay.set(task, rows);
    this.#rate.add(now, rows - before);
    const [oldest] = this.#underWay.keys();
    if (this.#underWay.size > mostUnderWay && oldest !== undefined) this.#underWay.delete(oldest);
  }

  /** It is done, with so many rows; with none, it has come to nothing. */
  ended(now: number, task: Key, rows: number): void {
    const before = this.#underWay.size === 0 ? 0 : (this.#underWay.get(task) ?? 0);
    if (before > 0) this.#underWay.delete(task);
    this.#rate.add(now, rows - before);
  }

  perSecond(now: number): number {
    return this.#rate.perSecond(now);
  }
}
