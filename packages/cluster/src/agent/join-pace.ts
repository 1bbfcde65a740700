import type { BlockResult } from "@shoal/core";

/** The newest block says so much of the pace, and all before it the rest. */
const newest = 0.5;
/**
 * Blocks are joined up to so much work of one actor. The coordinator goes by single blocks: it may run one twice that takes two seconds longer than it should, and
 * what has begun can't move to who has nothing to do.
 */
const mostJoinedMs = 1_500;

/** What a row takes an actor of late, so that a slow machine joins nothing. */
export class JoinPace {
  #msPerRow: number | undefined;

  /** @param rows that the block had */
  blockDone({ preprocessMs, predictMs, postprocessMs }: BlockResult, rows: number): void {
    if (rows === 0) return;
    const ms = (preprocessMs + predictMs + postprocessMs) / rows;
    this.#msPerRow = this.#msPerRow === undefined ? ms : newest * ms + (1 - newest) * this.#msPerRow;
  }

  /** Rows that may go to an actor together; 0 where nothing is known. */
  get rows(): number {
    return this.#msPerRow === undefined ? 0 : mostJoinedMs / this.#msPerRow;
  }
}
