import type { AttemptId, TaskId } from "../scheduler/index.ts";

/** A task on loan to this worker. */
export interface Leased {
  readonly task: TaskId;
  readonly attempt: AttemptId;
  /** Of its rows. */
  readonly bytes: number;
  /** What the coordinator calls its rows: goes back with the result. */
  readonly input?: string | undefined;
  /** Not to be computed together with others: something went wrong with it, or in its company. */
  readonly apart: boolean;
  /** Its rows, once they have come. */
  payload?: Uint8Array | undefined;
}

export function attemptKey({ epoch, number }: AttemptId): string {
  return `${epoch}.${number}`;
}

/** As in `job#0`. */
export function segmentKey({ job, segment }: Pick<TaskId, "job" | "segment">): string {
  return `${job}#${segment}`;
}

/** Tasks that have not begun, in the order in which they were leased: that is the order in which the coordinator expects them to begin. */
export class LeaseQueue {
  readonly #leased = new Map<string, Leased>();

  get size(): number {
    return this.#leased.size;
  }

  /** Bytes of rows that have not come yet. */
  get awaitedBytes(): number {
    let bytes = 0;
    for (const leased of this.#leased.values()) if (leased.payload === undefined) bytes += leased.bytes;
    return bytes;
  }

  get first(): Leased | undefined {
    return this.#leased.values().next().value;
  }

  /** The first, and those of its segment that follow it, as far as their rows are here. */
  *ready(): Generator<Leased & { readonly payload: Uint8Array }, void, undefined> {
    let key: string | undefined;
    for (const leased of this.#leased.values()) {
      key ??= segmentKey(leased.task);
      if (!isHere(leased) || segmentKey(leased.task) !== key) return;
      yield leased;
    }
  }

  has(attempt: AttemptId): boolean {
    return this.#leased.has(attemptKey(attempt));
  }

  add(leased: Leased): void {
    this.#leased.set(attemptKey(leased.attempt), leased);
  }

  /** The rows of a task have come. */
  fill(attempt: AttemptId, payload: Uint8Array): void {
    const leased = this.#leased.get(attemptKey(attempt));
    if (leased !== undefined) leased.payload = payload;
  }

  remove(attempt: AttemptId): void {
    this.#leased.delete(attemptKey(attempt));
  }

  removeJob(job: string): void {
    for (const [key, { task }] of this.#leased) if (task.job === job) this.#leased.delete(key);
  }

  /** Tasks that had begun and are to begin anew, in front of the others. */
  putBack(tasks: readonly Leased[]): void {
    const others = [...this.#leased.values()];
    this.#leased.clear();
    for (const leased of [...tasks, ...others]) this.add(leased);
  }

  clear(): void {
    this.#leased.clear();
  }
}

function isHere(leased: Leased): leased is Leased & { readonly payload: Uint8Array } {
  return leased.payload !== undefined;
}
