import type { TaskId } from "../../scheduler/index.ts";
import { blockKey } from "./commit-record.ts";

interface Told {
  readonly worker: string;
  readonly rows: ReadonlySet<number>;
}

/** Of one task: what came before is forgotten. */
const mostTold = 16;

/**
 * Rows of which volunteers say that they can't be done. One who lies could end a run with that, so it counts only where somebody else has met the same: by the word of
 * two strangers if nobody else is there to ask, and of one who says it twice if nobody is there at all.
 */
export class ToldFailures {
  /** By the key of the task. */
  readonly #told = new Map<string, Told[]>();

  /** @param others who could still do the task, besides this one @returns whether all of the rows have been told by others too; it is noted either way */
  count(task: TaskId, worker: string, failed: readonly number[], others: "trusted" | "strangers" | "nobody"): boolean {
    const key = blockKey(task);
    const before = this.#told.get(key) ?? [];
    this.#told.set(key, [...before, { worker, rows: new Set(failed) }].slice(-mostTold));
    if (others === "trusted") return false;
    return failed.every((row) => before.some((told) => told.rows.has(row) && (told.worker !== worker || others === "nobody")));
  }

  /** The task is decided. Gives who told failures of rows that can be done. @param failed undefined: that is not known */
  decided(task: TaskId, failed: readonly number[] | undefined): readonly string[] {
    const told = this.#told.size === 0 ? undefined : this.#told.get(blockKey(task));
    if (told === undefined) return [];
    this.#told.delete(blockKey(task));
    if (failed === undefined) return [];
    const rows = new Set(failed);
    return [...new Set(told.filter((each) => [...each.rows].some((row) => !rows.has(row))).map(({ worker }) => worker))];
  }
}
