import type { RunOfBlocks } from "../connection/messages.ts";
import { mostRunsTaken } from "../connection/schemas/drivers.ts";

/** Blocks of a segment whose results its driver has, and that its gateway has not been told of on this connection. */
export class TakenBlocks {
  #runs: [first: number, blocks: number][] = [];

  add(block: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last[0] + last[1] === block) last[1]++;
    else this.#runs.push([block, 1]);
  }

  /**
   * A new connection: what was said on the last one may be lost.
   * @param end the first number that was never offered
   * @param held what is not done, ascending
   */
  again(end: number, held: Iterable<number>): void {
    this.#runs = [];
    let first = 0;
    for (const block of held) {
      if (block >= end) break;
      if (block > first) this.#runs.push([first, block - first]);
      first = block + 1;
    }
    if (end > first) this.#runs.push([first, end - first]);
  }

  /** What is to be said now: as much as a message holds; undefined where that is nothing. */
  next(): readonly RunOfBlocks[] | undefined {
    if (this.#runs.length === 0) return undefined;
    return this.#runs.splice(0, mostRunsTaken);
  }
}
