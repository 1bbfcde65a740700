import type { TaskId } from "../../../scheduler/index.ts";
import { RecentKeys } from "../recent-keys.ts";

type Place = Pick<TaskId, "segment" | "block">;

/**
 * Blocks of a job that the ledger has lately decided, as whole or in part. The queue may hold one twice, for a home that does not hear of it offers it again: without
 * being asked the ledger has said that nobody need compute it.
 */
export class DecidedBlocks {
  readonly #keys = new RecentKeys();

  add({ segment, block }: Place): void {
    this.#keys.add(`${segment}-${block}`);
  }

  has({ segment, block }: Place): boolean {
    return this.#keys.has(`${segment}-${block}`);
  }
}
