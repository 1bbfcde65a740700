/**
 * Whole numbers from 0 on, of which nearly all come in nearly their order: one number for all below it, and those that came early.
 * A million blocks that are done take no more room than the disorder among the last of them.
 */
export class CommittedSet {
  #below = 0;
  readonly #early = new Set<number>();

  get size(): number {
    return this.#below + this.#early.size;
  }

  /** All numbers below this one are in it. */
  get below(): number {
    return this.#below;
  }

  /** Numbers that are held one by one. */
  get early(): Iterable<number> {
    return this.#early;
  }

  has(block: number): boolean {
    return block < this.#below || this.#early.has(block);
  }

  add(block: number): void {
    if (this.has(block)) return;
    this.#early.add(block);
    while (this.#early.delete(this.#below)) this.#below++;
  }
}
