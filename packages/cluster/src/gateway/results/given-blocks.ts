import type { RunOfBlocks } from "../../connection/messages.ts";

/** Blocks of a segment that were handed to its driver, who has not said yet that it has them; and the blobs that they came from. */
export class GivenBlocks {
  readonly #given = new Map<number, readonly string[]>();

  get size(): number {
    return this.#given.size;
  }

  /** Once more, where it may not have got it. */
  give(block: number, blobs: readonly string[]): void {
    this.#given.set(block, blobs);
  }

  /** Which it has. Of blocks that were not handed over here, and when it is told again, that says nothing. @returns the blobs that were theirs, each as often as it was given */
  take(runs: readonly RunOfBlocks[]): readonly string[] {
    const blobs: string[] = [];
    for (const [first, blocks] of runs) {
      // On a new connection a run may be of all that was ever done.
      if (blocks > this.#given.size) {
        for (const block of this.#given.keys()) if (block >= first && block < first + blocks) this.#take(block, blobs);
      } else {
        for (let block = first; block < first + blocks; block++) this.#take(block, blobs);
      }
    }
    return blobs;
  }

  #take(block: number, blobs: string[]): void {
    const given = this.#given.get(block);
    if (given === undefined) return;
    this.#given.delete(block);
    blobs.push(...given);
  }
}
