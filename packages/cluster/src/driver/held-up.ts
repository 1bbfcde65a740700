import { plural } from "@shoal/executor";

const longMs = 15_000;

/** Finds a block that all those behind it wait for: rows leave in order, and nothing else shows why none do. */
export class HeldUp {
  #first: number | undefined;
  #since = 0;
  #told = false;

  /**
   * @param first the first block that is not done
   * @param behind how many behind it are
   * @returns what is worth a sentence, once for each block
   */
  look(first: number | undefined, behind: () => number, now: number): string | undefined {
    if (first !== this.#first) [this.#first, this.#since, this.#told] = [first, now, false];
    if (first === undefined || this.#told || now - this.#since < longMs) return undefined;
    const blocks = behind();
    if (blocks === 0) return undefined;
    this.#told = true;
    return `waiting for block ${first}, which is under way; ${plural(blocks, "block")} behind it ${blocks === 1 ? "is" : "are"} done`;
  }
}
