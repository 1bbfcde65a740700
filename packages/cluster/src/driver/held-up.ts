import { formatDuration, plural } from "@shoal/executor";

const longMs = 15_000;

/** Finds a block that all those behind it wait for: rows leave in order, and nothing else shows why none do. */
export class HeldUp {
  #first: number | undefined;
  #since = 0;
  #tellAfterMs = longMs;

  /**
   * @param first the first block that is not done
   * @param behind how many behind it are
   * @returns what is worth a sentence: of one block, again each time it has taken twice as long
   */
  look(first: number | undefined, behind: () => number, now: number): string | undefined {
    if (first !== this.#first) [this.#first, this.#since, this.#tellAfterMs] = [first, now, longMs];
    const ms = now - this.#since;
    if (first === undefined || ms < this.#tellAfterMs) return undefined;
    const blocks = behind();
    if (blocks === 0) return undefined;
    while (this.#tellAfterMs <= ms) this.#tellAfterMs *= 2;
    return `waiting for block ${first}, which has been under way for ${formatDuration(ms)}; ${plural(blocks, "block")} behind it ${blocks === 1 ? "is" : "are"} done`;
  }
}
