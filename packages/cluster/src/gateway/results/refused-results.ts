/** How long a sentence stays that is new. */
const freshMs = 10_000;
/** Of what a stranger may have written. */
const longestWhy = 300;

/** Results of a segment that were refused, for who waits for it: said at the first, and again each time there are twice as many. */
export class RefusedResults {
  #count = 0;
  #tellAt = 1;
  #said: { readonly sentence: string; readonly at: number } | undefined;

  add(worker: string, why: string, now: number): void {
    if (++this.#count < this.#tellAt) return;
    this.#tellAt = 2 * this.#count;
    const what = this.#count === 1 ? `a result of ${worker} was refused` : `${this.#count} results were refused, the last of them one of ${worker}`;
    this.#said = { sentence: `${what}: ${why.slice(0, longestWhy)}`, at: now };
  }

  /** @param always even where it is not new, because nothing else explains why nothing is done */
  sentence(now: number, always: boolean): string | undefined {
    return this.#said !== undefined && (always || now - this.#said.at < freshMs) ? this.#said.sentence : undefined;
  }
}
