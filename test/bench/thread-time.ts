import { readdirSync, readFileSync } from "node:fs";

const sampleEveryMs = 50;
const ticksPerSecond = 100;

/**
 * CPU time of threads of some processes over time, by the threads' names, from /proc: what a busy machine changes least. A thread that
 * ends keeps what it had at its last sample.
 */
export class ThreadTime {
  readonly #processes: readonly number[];
  readonly #ticks = new Map<string, { readonly name: string; ticks: number }>();
  readonly #samples: { readonly at: number; readonly byName: ReadonlyMap<string, number> }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(processes: readonly number[]) {
    this.#processes = processes;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  /** Seconds of CPU time between two times (seconds since 1970), of the threads called so. NaN where /proc is missing. */
  seconds(name: string, from: number, to: number): number {
    return (this.#ticksAt(name, to) - this.#ticksAt(name, from)) / ticksPerSecond;
  }

  #ticksAt(name: string, at: number): number {
    const after = this.#samples.findIndex((sample) => sample.at >= at);
    const upper = this.#samples[after < 0 ? this.#samples.length - 1 : after];
    const lower = this.#samples[after <= 0 ? this.#samples.length - 1 : after - 1] ?? upper;
    if (upper === undefined || lower === undefined || this.#ticks.size === 0) return NaN;
    const [low, high] = [lower, upper].map((sample) => sample.byName.get(name) ?? 0) as [number, number];
    const share = upper.at <= lower.at ? 1 : Math.min(1, Math.max(0, (at - lower.at) / (upper.at - lower.at)));
    return low + share * (high - low);
  }

  #sample(): void {
    for (const process of this.#processes) {
      for (const thread of threadsOf(process)) {
        const stat = read(`/proc/${process}/task/${thread}/stat`);
        const end = stat.lastIndexOf(")");
        if (end < 0) continue;
        // utime and stime, the 14th and 15th field of the whole line; the name stands in brackets before them.
        const fields = stat.slice(end + 2).split(" ");
        this.#ticks.set(`${process}/${thread}`, { name: stat.slice(stat.indexOf("(") + 1, end), ticks: Number(fields[11]) + Number(fields[12]) });
      }
    }
    const byName = new Map<string, number>();
    for (const { name, ticks } of this.#ticks.values()) byName.set(name, (byName.get(name) ?? 0) + ticks);
    this.#samples.push({ at: Date.now() / 1000, byName });
  }

  /** For a look at where time goes. */
  get names(): readonly string[] {
    return [...(this.#samples.at(-1)?.byName.keys() ?? [])];
  }
}

function threadsOf(process: number): string[] {
  try {
    return readdirSync(`/proc/${process}/task`);
  } catch {
    return [];
  }
}

/** Empty where the file is gone, as of a thread that just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
