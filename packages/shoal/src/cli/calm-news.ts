import type { WorkerSnapshot } from "@shoal/cluster";
import { plural } from "@shoal/executor";
import { workerNews } from "./coordinator-news.ts";

/** Lines about workers that may come at once, and how soon one more may. */
const most = 20;
const everyMs = 15_000;
/** Beyond that, one line for all, this often. */
const summaryMs = 30_000;

/** Says who comes and goes, as long as that is few; of many, how many. */
export class CalmNews {
  #allowance = most;
  #at: number;
  #summedAt: number;
  #untold = { joined: 0, left: 0 };

  readonly #kind: string;

  /** @param kind what they are called who are counted */
  constructor(now: number, kind = "worker") {
    this.#at = this.#summedAt = now;
    this.#kind = kind;
  }

  /** @param now milliseconds, never going back */
  lines(before: readonly WorkerSnapshot[], after: readonly WorkerSnapshot[], now: number): readonly string[] {
    this.#allowance = Math.min(most, this.#allowance + (now - this.#at) / everyMs);
    this.#at = now;
    const lines: string[] = [];
    for (const { what, line } of workerNews(before, after, this.#kind)) {
      if (this.#allowance >= 1 && this.#isToldAll) {
        this.#allowance--;
        lines.push(line);
        continue;
      }
      if (this.#isToldAll) this.#summedAt = now;
      this.#untold[what]++;
    }
    if (this.#isToldAll || now - this.#summedAt < summaryMs) return lines;
    const { joined, left } = this.#untold;
    this.#untold = { joined: 0, left: 0 };
    return [...lines, `${plural(joined, "more worker")} joined, and ${left} left; ${plural(after.filter(({ state }) => state !== "gone").length, this.#kind)} now`];
  }

  get #isToldAll(): boolean {
    return this.#untold.joined + this.#untold.left === 0;
  }
}
