/** Lets `perSecond` units pass, and up to `burst` of them at once after a rest. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** `now` in milliseconds, of a clock that never goes back. */
  constructor(perSecond: number, burst: number, now: number) {
    [this.#perMs, this.#burst, this.#left, this.#at] = [perSecond / 1000, burst, burst, now];
  }

  /** False where they are not there; then none is taken. */
  take(units: number, now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (units > this.#left) return false;
    this.#left -= units;
    return true;
  }
}
