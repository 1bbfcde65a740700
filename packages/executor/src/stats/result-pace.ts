/** Results that come closer together than this are not missed after three gaps. */
const leastStillMs = 5_000;
/** What is left of a long gap after each result that came sooner. */
const fading = 0.9;

/** Whether rows still come as they did: after a few times the usual gap between results, what was foretold from them holds no more. */
export class ResultPace {
  #rows = 0;
  #movedAt = 0;
  /** The longest of late: results come in bursts where several are at work. */
  #gapMs = 0;

  /** @param rows done so far @param elapsedMs since the run started */
  isStill(rows: number, elapsedMs: number): boolean {
    if (rows === this.#rows) return elapsedMs - this.#movedAt > Math.max(leastStillMs, 3 * this.#gapMs);
    this.#gapMs = Math.max(elapsedMs - this.#movedAt, fading * this.#gapMs);
    this.#rows = rows;
    this.#movedAt = elapsedMs;
    return false;
  }
}
