import type { TaskId } from "../../scheduler/index.ts";
import type { Claim } from "./job-notes.ts";

/** Of one job. What comes beyond it is computed again. */
export const mostWaiting = 10_000;

/** Claims of a job for blocks that its driver has not offered yet. */
export class WaitingClaims {
  readonly #byBlock = new Map<string, Claim[]>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(claim: Claim): void {
    if (this.#count >= mostWaiting) return;
    this.#count++;
    const key = keyOf(claim.task);
    const known = this.#byBlock.get(key);
    if (known === undefined) this.#byBlock.set(key, [claim]);
    else known.push(claim);
  }

  of(place: Pick<TaskId, "segment" | "block">): readonly Claim[] {
    return this.#byBlock.get(keyOf(place)) ?? [];
  }

  /** Those for a block, which wait no more. */
  take(place: Pick<TaskId, "segment" | "block">): readonly Claim[] {
    const claims = this.of(place);
    this.#byBlock.delete(keyOf(place));
    this.#count -= claims.length;
    return claims;
  }

  *[Symbol.iterator](): Generator<Claim, void, undefined> {
    for (const claims of this.#byBlock.values()) yield* claims;
  }
}

function keyOf({ segment, block }: Pick<TaskId, "segment" | "block">): string {
  return `${segment}-${block}`;
}
