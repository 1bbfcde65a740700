import { formatDuration, plural } from "@shoal/executor";

const longMs = 15_000;

/** Finds a block that all those behind it wait for: rows leave in order, and nothing else shows why none do. */
export class HeldUp {
  #first: number | undefined;
  #ms = 0;
  #lookedAt = 0;
  #tellAfterMs = longMs;

  /**
   * @param first the first block that is not done
   * @param behind how many behind it are
   * @param isSetAside all who could do it are at other jobs: the time since the last look is not the block's
   * @returns what is worth a sentence: of one block, again each time it has taken twice as long
   */
  look(first: number | undefined, behind: () => number, now: number, isSetAside = false): string | undefined {
    if (first !== this.#first) [this.#first, this.#ms, this.#tellAfterMs] = [first, 0, longMs];
    else if (!isSetAside) this.#ms += now - this.#lookedAt;
    this.#lookedAt = now;
    if (first === undefined || isSetAside || this.#ms < this.#tellAfterMs) return undefined;
    const blocks = behind();
    if (blocks === 0) return undefined;
    while (this.#tellAfterMs <= this.#ms) this.#tellAfterMs *= 2;
    return `waiting for block ${first}, which has been under way for ${formatDuration(this.#ms)}; ${plural(blocks, "block")} behind it ${blocks === 1 ? "is" : "are"} done`;
  }
}
