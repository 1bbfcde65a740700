import { RecentRate } from "../rates/recent-rate.ts";

/** Rows done, and how many a second of late. */
export class WorkMeter {
  /** Those that another was faster with, and that nobody wanted, not among them. */
  rows = 0;
  blocks = 0;
  /** The work was done all the same: for the rate. */
  #inVain = 0;
  #rate = new RecentRate();
  /** What the rate has been told of. */
  #counted = 0;

  blockDone(rows: number): void {
    this.rows += rows;
    this.blocks++;
  }

  /** The result of a block that was done came to nothing. */
  blockInVain(rows: number): void {
    this.rows -= rows;
    this.blocks--;
    this.#inVain += rows;
  }

  /** @param under rows of blocks under way that are done: fewer than before, where one was begun anew. */
  rowsPerSecond(now: number, under: number): number {
    const rows = this.rows + this.#inVain + under;
    this.#rate.add(now, rows - this.#counted);
    this.#counted = rows;
    return this.#rate.perSecond(now);
  }

  /** Time that was spent waiting is not counted. */
  restart(now: number): void {
    this.#rate = new RecentRate();
    this.#rate.begin(now);
    this.#counted = this.rows + this.#inVain;
  }
}
