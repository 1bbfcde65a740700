/** What a chart draws: one point per time, null where nothing was heard. */
export interface Band {
  readonly key: string;
  readonly rates: readonly (number | null)[];
}

const firstBucketMs = 1000;
/** Below this, in rows per second, what others gave is an error of rounding. */
const nothing = 1e-6;

/**
 * Rows per second of one job over its whole time, with what each worker gave, in bounded memory: values of one bucket of time become their mean, and when
 * there are too many buckets, each two become one of twice the length. Of so many workers the rates are kept one by one; of all others together.
 */
export class RateHistory {
  /** Milliseconds since 1970, of each bucket's start. */
  readonly times: number[] = [];
  readonly totals: (number | null)[] = [];
  /** Of all workers together. */
  readonly #given: number[] = [];
  readonly #workers = new Map<string, { rates: number[]; sum: number }>();
  readonly #maxPoints: number;
  readonly #maxWorkers: number;
  #bucketMs = firstBucketMs;
  #givenSum = 0;
  /** How many values the last bucket holds. */
  #values = 0;
  #leaders: string[] = [];

  constructor(maxPoints = 480, maxWorkers = 1024) {
    this.#maxPoints = maxPoints;
    this.#maxWorkers = maxWorkers;
  }

  get bucketMs(): number {
    return this.#bucketMs;
  }

  /** A value of the job and of its workers. Times must not go back; one that does is counted to the last bucket. */
  add(at: number, total: number, workers: readonly (readonly [worker: string, rate: number])[]): void {
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
    const given = workers.reduce((sum, [, rate]) => sum + rate, 0);
    this.#given[index] = mean(this.#given[index] ?? 0, given);
    this.#givenSum += given * this.#bucketMs;
    this.#makeRoom(workers);
    for (const [worker, rate] of workers) {
      let kept = this.#workers.get(worker);
      if (kept === undefined) {
        if (rate === 0 || this.#workers.size >= this.#maxWorkers) continue;
        this.#workers.set(worker, (kept = { rates: [], sum: 0 }));
      }
      while (kept.rates.length <= index) kept.rates.push(0);
      kept.rates[index] = mean(kept.rates[index] ?? 0, rate);
      kept.sum += rate * this.#bucketMs;
    }
    if (this.times.length > this.#maxPoints) this.#halve();
  }

  /** Which part of all that workers gave came from those that gave most. Where it is small, their bands tell nothing. */
  shareOfLeaders(most: number): number {
    return this.#givenSum === 0 ? 0 : this.#ranked(most).reduce((sum, [, kept]) => sum + kept.sum, 0) / this.#givenSum;
  }

  /**
   * The workers that gave most over the time shown, each with its rates, and all others as one band with an empty key, where they gave anything. Who leads
   * stays in its place, so that colours don't change hands at every point.
   */
  bands(most: number): readonly Band[] {
    const ranked = this.#ranked(most).map(([worker]) => worker);
    this.#leaders = [...this.#leaders.filter((worker) => ranked.includes(worker)), ...ranked.filter((worker) => !this.#leaders.includes(worker))];
    const bands: Band[] = this.#leaders.map((key) => ({ key, rates: this.#aligned(key) }));
    const others = this.totals.map((total, index) => (total === null ? null : Math.max(0, bands.reduce((rest, { rates }) => rest - (rates[index] ?? 0), this.#given[index] ?? 0))));
    return others.some((rate) => rate !== null && rate > nothing) ? [...bands, { key: "", rates: others }] : bands;
  }

  #ranked(most: number) {
    return [...this.#workers].toSorted((a, b) => b[1].sum - a[1].sum).slice(0, most);
  }

  /** Newcomers take the places of those that are not there any more, who gave least first. */
  #makeRoom(workers: readonly (readonly [worker: string, rate: number])[]): void {
    if (this.#workers.size < this.#maxWorkers) return;
    const present = new Set(workers.map(([worker]) => worker));
    const newcomers = workers.filter(([worker, rate]) => rate > 0 && !this.#workers.has(worker)).length;
    const absent = [...this.#workers].filter(([worker]) => !present.has(worker)).toSorted((a, b) => a[1].sum - b[1].sum);
    for (const [worker] of absent.slice(0, newcomers)) this.#workers.delete(worker);
  }

  #aligned(worker: string): readonly (number | null)[] {
    const rates = this.#workers.get(worker)?.rates ?? [];
    return this.totals.map((total, index) => (total === null ? null : (rates[index] ?? 0)));
  }

  #open(time: number, total: number | null): void {
    this.times.push(time);
    this.totals.push(total);
    this.#given.push(0);
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
    // Where the job was not heard of, nor were its workers.
    const mergeKnown = (rates: readonly number[]) => merge(this.totals.map((total, index) => (total === null ? null : (rates[index] ?? 0))), groups, starts.length).map((rate) => rate ?? 0);
    this.#given.splice(0, this.#given.length, ...mergeKnown(this.#given));
    for (const kept of this.#workers.values()) kept.rates = mergeKnown(kept.rates);
    this.times.splice(0, this.times.length, ...starts);
    this.totals.splice(0, this.totals.length, ...totals);
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
