const windowMs = 10_000;
const markEveryMs = 200;

/** Rows done, and how many a second over the last ten seconds. */
export class WorkMeter {
  readonly #marks: { readonly at: number; readonly rows: number }[] = [];
  rows = 0;
  blocks = 0;

  blockDone(rows: number): void {
    this.rows += rows;
    this.blocks++;
  }

  /** @param under rows of blocks under way that are done. */
  rowsPerSecond(now: number, under: number): number {
    const rows = this.rows + under;
    const last = this.#marks.at(-1);
    if (last === undefined || now - last.at >= markEveryMs) this.#marks.push({ at: now, rows });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) >= windowMs) this.#marks.shift();
    const [first] = this.#marks;
    if (first === undefined || now <= first.at) return 0;
    // A block that was begun anew takes back what was counted of it.
    return Math.max(0, (1000 * (rows - first.rows)) / (now - first.at));
  }

  /** Time that was spent waiting is not counted. */
  restart(now: number): void {
    this.#marks.splice(0, this.#marks.length, { at: now, rows: this.rows });
  }
}
