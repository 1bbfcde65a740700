/** The last minutes of one worker's rows per second: a sparkline. Buckets that saw no value repeat the one before. */
export class RecentRates {
  readonly #rates: number[] = [];
  readonly #points: number;
  readonly #bucketMs: number;
  #bucket = -1;

  constructor(points = 48, bucketMs = 2500) {
    this.#points = points;
    this.#bucketMs = bucketMs;
  }

  get rates(): readonly number[] {
    return this.#rates;
  }

  /** Of the last half minute or so: what workers are ranked by, so that they don't change places at every breath. */
  get steady(): number {
    const last = this.#rates.slice(-12);
    return last.length === 0 ? 0 : last.reduce((sum, rate) => sum + rate, 0) / last.length;
  }

  add(at: number, rate: number): void {
    const bucket = Math.floor(at / this.#bucketMs);
    if (this.#bucket < 0 || this.#rates.length === 0) this.#rates.push(rate);
    else if (bucket <= this.#bucket) this.#rates[this.#rates.length - 1] = rate;
    else {
      for (let missed = Math.min(bucket - this.#bucket - 1, this.#points); missed > 0; missed--) this.#rates.push(this.#rates.at(-1) as number);
      this.#rates.push(rate);
    }
    this.#bucket = Math.max(bucket, this.#bucket);
    if (this.#rates.length > this.#points) this.#rates.splice(0, this.#rates.length - this.#points);
  }
}

/** The line of a sparkline in a box of this size, as the `d` of a path; the newest value stands at the right edge. Empty without two values, and where all are nothing. */
export function sparkline(rates: readonly number[], points: number, width: number, height: number): string {
  const top = Math.max(0, ...rates);
  if (rates.length < 2 || top === 0) return "";
  const step = width / (points - 1);
  const from = width - step * (rates.length - 1);
  return rates.map((rate, index) => `${index === 0 ? "M" : "L"}${(from + index * step).toFixed(1)} ${(height - 1 - (rate / top) * (height - 2)).toFixed(1)}`).join("");
}
