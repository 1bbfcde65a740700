/** What a chart draws: one point per time, null where nothing was heard. */
export interface Band {
  readonly key: string;
  readonly rates: readonly (number | null)[];
}

const firstBucketMs = 1000;

/**
 * Rows per second of one job over its whole time, with what each worker gave, in bounded memory: values of one bucket of time become their mean, and when
 * there are too many buckets, each two become one of twice the length.
 */
export class RateHistory {
  /** Milliseconds since 1970, of each bucket's start. */
  readonly times: number[] = [];
  readonly totals: (number | null)[] = [];
  readonly #workers = new Map<string, number[]>();
  readonly #sums = new Map<string, number>();
  readonly #maxPoints: number;
  #bucketMs = firstBucketMs;
  /** How many values the last bucket holds. */
  #values = 0;
  #leaders: string[] = [];

  constructor(maxPoints = 480) {
    this.#maxPoints = maxPoints;
  }

  get bucketMs(): number {
    return this.#bucketMs;
  }

  /** A value of the job and of its workers. Times must not go back; one that does is counted to the last bucket. */
  add(at: number, total: number, workers: Iterable<readonly [worker: string, rate: number]>): void {
    const bucket = Math.floor(at / this.#bucketMs) * this.#bucketMs;
    const last = this.times.at(-1);
    if (last === undefined || bucket > last) {
      // Nobody knows what happened while this page heard nothing: the line is broken there.
      if (last !== undefined && bucket - last > Math.max(10_000, 3 * this.#bucketMs)) this.#open(last + this.#bucketMs, null);
      this.#open(bucket, 0);
    }
    const index = this.times.length - 1;
    const count = ++this.#values;
    const mean = (old: number, rate: number) => old + (rate - old) / count;
    this.totals[index] = mean(this.totals[index] ?? 0, total);
    for (const [worker, rate] of workers) {
      if (rate === 0 && !this.#workers.has(worker)) continue;
      let rates = this.#workers.get(worker);
      if (rates === undefined) this.#workers.set(worker, (rates = []));
      while (rates.length <= index) rates.push(0);
      rates[index] = mean(rates[index] ?? 0, rate);
      this.#sums.set(worker, (this.#sums.get(worker) ?? 0) + rate * this.#bucketMs);
    }
    if (this.times.length > this.#maxPoints) this.#halve();
  }

  /**
   * The workers that gave most over the time shown, each with its rates, and all others as one band with an empty key, where there are any. Who leads stays
   * in its place, so that colours don't change hands at every point.
   */
  bands(most: number): readonly Band[] {
    const ranked = [...this.#sums].toSorted((a, b) => b[1] - a[1]).slice(0, most).map(([worker]) => worker);
    this.#leaders = [...this.#leaders.filter((worker) => ranked.includes(worker)), ...ranked.filter((worker) => !this.#leaders.includes(worker))];
    const bands: Band[] = this.#leaders.map((key) => ({ key, rates: this.#aligned(key) }));
    if (this.#workers.size <= bands.length) return bands;
    const others: (number | null)[] = this.totals.map((total) => (total === null ? null : 0));
    for (const [worker, rates] of this.#workers) {
      if (this.#leaders.includes(worker)) continue;
      for (let index = 0; index < rates.length; index++) if (others[index] !== null) others[index] = (others[index] as number) + (rates[index] ?? 0);
    }
    return [...bands, { key: "", rates: others }];
  }

  #aligned(worker: string): readonly (number | null)[] {
    const rates = this.#workers.get(worker) ?? [];
    return this.totals.map((total, index) => (total === null ? null : (rates[index] ?? 0)));
  }

  #open(time: number, total: number | null): void {
    this.times.push(time);
    this.totals.push(total);
    this.#values = 0;
  }

  #halve(): void {
    this.#bucketMs *= 2;
    const old = this.times.slice();
    const starts: number[] = [];
    const groups = old.map((time) => {
      const start = Math.floor(time / this.#bucketMs) * this.#bucketMs;
      if (starts.at(-1) !== start) starts.push(start);
      return starts.length - 1;
    });
    const totals = merge(this.totals, groups, starts.length);
    this.times.splice(0, this.times.length, ...starts);
    this.totals.splice(0, this.totals.length, ...totals);
    for (const [worker, rates] of this.#workers) {
      while (rates.length < old.length) rates.push(0);
      this.#workers.set(worker, merge(rates, groups, starts.length).map((rate) => rate ?? 0));
    }
    this.#values = 1;
  }
}

/** The mean of each group's values that are known. */
function merge(values: readonly (number | null)[], groups: readonly number[], count: number): (number | null)[] {
  const sums = new Float64Array(count);
  const known = new Uint32Array(count);
  for (const [index, value] of values.entries()) {
    const group = groups[index];
    if (value === null || group === undefined) continue;
    sums[group] = (sums[group] as number) + value;
    known[group] = (known[group] as number) + 1;
  }
  return Array.from(sums, (sum, group) => (known[group] === 0 ? null : sum / (known[group] as number)));
}
