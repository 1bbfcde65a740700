import type { AttemptId } from "../scheduler/index.ts";
import type { ResultMessage } from "../connection/messages.ts";
import { attemptKey } from "./lease-queue.ts";

/** A result that the coordinator has not settled. */
export interface HeldResult {
  readonly message: ResultMessage;
  readonly payload: Uint8Array;
  /** When it was last sent. */
  presentedAt: number;
}

/** Results are kept until the ledger has them: a coordinator that comes back gets them again. */
export class HeldResults {
  readonly #held = new Map<string, HeldResult>();
  readonly #maxBytes: number;
  #bytes = 0;
  #full = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#held.size;
  }

  /** No more is to be computed for now. Ends when half of the room is free again. */
  get full(): boolean {
    return this.#full;
  }

  /** When the one that waits longest was sent. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const { presentedAt } of this.#held.values()) oldest = Math.min(oldest ?? presentedAt, presentedAt);
    return oldest;
  }

  has(attempt: AttemptId): boolean {
    return this.#held.has(attemptKey(attempt));
  }

  get(attempt: AttemptId): HeldResult | undefined {
    return this.#held.get(attemptKey(attempt));
  }

  values(): Iterable<HeldResult> {
    return this.#held.values();
  }

  add(held: HeldResult): void {
    this.#held.set(attemptKey(held.message.attempt), held);
    this.#bytes += held.payload.byteLength;
    if (this.#bytes >= this.#maxBytes) this.#full = true;
  }

  remove(attempt: AttemptId): void {
    const key = attemptKey(attempt);
    this.#bytes -= this.#held.get(key)?.payload.byteLength ?? 0;
    this.#held.delete(key);
    if (this.#bytes <= this.#maxBytes / 2) this.#full = false;
  }

  removeJob(job: string): void {
    for (const { message } of [...this.#held.values()]) if (message.task.job === job) this.remove(message.attempt);
  }
}
