export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

/** What was counted into buckets, each with what it holds at most; the last holds the rest. */
export interface Histogram {
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Metrics in the text format of Prometheus, all with the same labels in front. */
export class MetricsText {
  readonly #labels: Labels;
  readonly #lines: string[] = [];

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, "counter", help, samples);
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, "gauge", help, samples);
  }

  histogram(name: string, help: string, { bounds, counts, sum }: Histogram): void {
    let soFar = 0;
    this.#head(name, "histogram", help);
    counts.forEach((count, at) => this.#sample(`${name}_bucket`, { le: String(bounds[at] ?? "+Inf") }, (soFar += count)));
    this.#sample(`${name}_sum`, {}, sum);
    this.#sample(`${name}_count`, {}, soFar);
  }

  toString(): string {
    return this.#lines.join("");
  }

  #add(name: string, type: string, help: string, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    this.#head(name, type, help);
    for (const [labels, value] of samples) this.#sample(name, labels, value);
  }

  #head(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }

  #sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries({ ...this.#labels, ...labels }).map(([label, text]) => `${label}="${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')}"`);
    this.#lines.push(`${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`);
  }
}
