const windowMs = 10_000;
/** What comes together is one sample. */
const sampleMs = 100;
/** A rate whose next sample is overdue by so much is over. */
const gapsUntilOver = 3;

interface Sample {
  readonly at: number;
  /** Counted by then. */
  total: number;
}

/**
 * How fast a count rises: over the last ten seconds, or over its last two steps where those are longer ago. Steps may go down a little, where something was
 * counted that came to nothing.
 */
export class RecentRate {
  #samples: Sample[] = [];

  /** What is counted from now on began now, unless something was under way. */
  begin(now: number): void {
    if (this.#samples.length === 0 || this.#isOver(now)) this.#samples = [{ at: now, total: 0 }];
  }

  add(now: number, amount: number): void {
    if (amount === 0) return;
    if (this.#samples.length === 0) this.#samples = [{ at: now - 1_000, total: 0 }];
    const last = this.#samples.at(-1) as Sample;
    if (this.#samples.length > 1 && now - last.at < sampleMs) return void (last.total += amount);
    this.#samples.push({ at: now, total: last.total + amount });
    const first = this.#firstOf(now);
    if (first > 0) this.#samples.splice(0, first);
  }

  perSecond(now: number): number {
    const [last, before] = [this.#samples.at(-1), this.#samples.at(-2)];
    if (last === undefined || before === undefined || this.#isOver(now)) return 0;
    const first = this.#samples[this.#firstOf(now)] as Sample;
    // A step that is late makes it slower than it was.
    const until = now - last.at > last.at - before.at ? now : last.at;
    return Math.max(0, ((last.total - first.total) * 1000) / Math.max(1_000, until - first.at));
  }

  /** The last sample before the window, with two steps after it at least. */
  #firstOf(now: number): number {
    const inWindow = this.#samples.findLastIndex(({ at }) => at <= now - windowMs);
    return Math.max(0, Math.min(inWindow, this.#samples.length - 3));
  }

  #isOver(now: number): boolean {
    const [last, before] = [this.#samples.at(-1), this.#samples.at(-2)];
    return last !== undefined && before !== undefined && now - last.at > Math.max(windowMs, gapsUntilOver * (last.at - before.at));
  }
}
