import { RecentRate } from "../rates/recent-rate.ts";

/** Rows done, and how many a second of late. */
export class WorkMeter {
  rows = 0;
  blocks = 0;
  #rate = new RecentRate();
  /** What the rate has been told of. */
  #counted = 0;

  blockDone(rows: number): void {
    this.rows += rows;
    this.blocks++;
  }

  /** @param under rows of blocks under way that are done: fewer than before, where one was begun anew. */
  rowsPerSecond(now: number, under: number): number {
    const rows = this.rows + under;
    this.#rate.add(now, rows - this.#counted);
    this.#counted = rows;
    return this.#rate.perSecond(now);
  }

  /** Time that was spent waiting is not counted. */
  restart(now: number): void {
    this.#rate = new RecentRate();
    this.#rate.begin(now);
    this.#counted = this.rows;
  }
}
