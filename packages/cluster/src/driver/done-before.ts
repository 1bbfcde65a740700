import type { BlocksBefore } from "../connection/messages.ts";

/** The blocks of a segment that an earlier run had done. */
export class DoneBefore {
  readonly rows: number;
  readonly #runs: BlocksBefore["runs"];

  constructor({ rows, runs }: BlocksBefore) {
    [this.rows, this.#runs] = [rows, runs];
  }

  has(block: number): boolean {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const [first, blocks] = this.#runs[middle] as BlocksBefore["runs"][number];
      if (block >= first && block < first + blocks) return true;
      if (block < first) high = middle;
      else low = middle + 1;
    }
    return false;
  }
}
