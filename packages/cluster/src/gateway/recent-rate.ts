const slots = 10;
const slotMs = 1_000;

/** How much came in the last ten seconds, in slots of one second. */
export class RecentRate {
  readonly #amounts = new Float64Array(slots);
  #slot = -1;
  #since: number | undefined;

  add(now: number, amount: number): void {
    this.#turnTo(now);
    this.#since ??= now;
    this.#amounts[this.#slot % slots] = (this.#amounts[this.#slot % slots] as number) + amount;
  }

  perSecond(now: number): number {
    this.#turnTo(now);
    if (this.#since === undefined) return 0;
    const sum = this.#amounts.reduce((total, amount) => total + amount, 0);
    const ms = Math.min((slots - 1) * slotMs + (now % slotMs), Math.max(slotMs, now - this.#since));
    return (sum * 1000) / ms;
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / slotMs);
    if (slot - this.#slot >= slots) this.#amounts.fill(0);
    else for (let next = this.#slot + 1; next <= slot; next++) this.#amounts[next % slots] = 0;
    this.#slot = Math.max(this.#slot, slot);
  }
}
