import type { TaskId } from "../../../scheduler/index.ts";

type Place = Pick<TaskId, "segment" | "block">;

/** In each of two generations. */
const mostEach = 16_384;

/**
 * Blocks of a job that the ledger has lately decided, as whole or in part. The queue may hold one twice, for a home that does not hear of it offers it again: without
 * being asked the ledger has said that nobody need compute it. What was decided long ago is forgotten.
 */
export class DecidedBlocks {
  #recent = new Set<string>();
  #before = new Set<string>();

  add({ segment, block }: Place): void {
    this.#recent.add(`${segment}-${block}`);
    if (this.#recent.size >= mostEach) [this.#before, this.#recent] = [this.#recent, new Set()];
  }

  has({ segment, block }: Place): boolean {
    const key = `${segment}-${block}`;
    return this.#recent.has(key) || this.#before.has(key);
  }
}
