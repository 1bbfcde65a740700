import { readdirSync, readFileSync } from "node:fs";

const sampleEveryMs = 50;
const ticksPerSecond = 100;

/**
 * CPU time of threads of some processes over time, from /proc: what a busy machine changes least. A thread that ends keeps what it had
 * at its last sample.
 */
export class ThreadTime {
  readonly #processes: readonly number[];
  readonly #names = new Map<string, string>();
  readonly #ticks = new Map<string, number>();
  readonly #samples: { readonly at: number; readonly ticks: ReadonlyMap<string, number> }[] = [];
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

  /** Seconds of CPU time of each thread called so between two times (seconds since 1970), the busiest first. Empty where /proc is missing. */
  seconds(name: string, from: number, to: number): readonly number[] {
    const threads = [...this.#names].flatMap(([thread, own]) => (own === name ? [thread] : []));
    return threads.map((thread) => (this.#ticksAt(thread, to) - this.#ticksAt(thread, from)) / ticksPerSecond).sort((a, b) => b - a);
  }

  #ticksAt(thread: string, at: number): number {
    const after = this.#samples.findIndex((sample) => sample.at >= at);
    const upper = this.#samples.at(after);
    const lower = this.#samples[after - 1] ?? upper;
    if (upper === undefined || lower === undefined) return NaN;
    const [low, high] = [lower.ticks.get(thread) ?? 0, upper.ticks.get(thread) ?? 0];
    return after <= 0 ? high : low + ((at - lower.at) / (upper.at - lower.at)) * (high - low);
  }

  #sample(): void {
    for (const process of this.#processes) {
      for (const id of threadsOf(process)) {
        const stat = read(`/proc/${process}/task/${id}/stat`);
        const nameEnd = stat.lastIndexOf(")");
        if (nameEnd < 0) continue;
        // utime and stime, the 14th and 15th field of the whole line; the name stands in brackets before them.
        const fields = stat.slice(nameEnd + 2).split(" ");
        this.#names.set(id, stat.slice(stat.indexOf("(") + 1, nameEnd));
        this.#ticks.set(id, Number(fields[11]) + Number(fields[12]));
      }
    }
    this.#samples.push({ at: Date.now() / 1000, ticks: new Map(this.#ticks) });
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
