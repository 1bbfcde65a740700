import type { Clock } from "@shoal/core";
import type { ResultMessage } from "../connection/messages.ts";
import type { AttemptId } from "../scheduler/index.ts";
import { slowestBytesPerMs } from "./agent-connection.ts";
import { attemptKey } from "./lease-queue.ts";

/** A result that the coordinator has not settled. */
export interface HeldResult {
  readonly message: ResultMessage;
  readonly payload: Uint8Array;
  /** When it was sent by the connection that there is now; undefined: not yet. */
  presentedAt?: number | undefined;
  /** Its rows are nobody's, or another's. */
  inVain?: boolean;
}

/** The way out. */
export interface Outlet {
  readonly connected: boolean;
  /** Bytes on their way. */
  readonly bufferedBytes: number;
  send(message: ResultMessage, payload: Uint8Array): void;
}

/** More than this is not put on the way at once: the coordinator would drop a connection that takes so long. */
const mostBufferedBytes = 16 * 2 ** 20;
const lookEveryMs = 100;
/** A result that nobody answered for this long is sent again. */
const againMs = 20_000;

/** Results are kept until the ledger has them: a coordinator that comes back gets them again. */
export class HeldResults {
  readonly #held = new Map<string, HeldResult>();
  readonly #maxBytes: number;
  readonly #outlet: Outlet;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #bytes = 0;
  #full = false;
  #waiting = false;

  constructor(maxBytes: number, outlet: Outlet, clock: Clock, signal: AbortSignal) {
    this.#maxBytes = maxBytes;
    this.#outlet = outlet;
    this.#clock = clock;
    this.#signal = signal;
  }

  get size(): number {
    return this.#held.size;
  }

  /** No more is to be computed for now. Ends when half of the room is free again. */
  get full(): boolean {
    return this.#full;
  }

  has(attempt: AttemptId): boolean {
    return this.#held.has(attemptKey(attempt));
  }

  /** It came to nothing. Gives its rows, the first time that this is said of it. */
  markInVain(attempt: AttemptId): number | undefined {
    const held = this.#held.get(attemptKey(attempt));
    if (held === undefined || held.inVain === true) return undefined;
    held.inVain = true;
    return held.message.task.rows;
  }

  /** Keeps a result, and sends it. */
  add(held: HeldResult): void {
    this.#held.set(attemptKey(held.message.attempt), held);
    this.#bytes += held.payload.byteLength;
    if (this.#bytes >= this.#maxBytes) this.#full = true;
    this.#present();
  }

  /** Sends one again. */
  presentAgain(attempt: AttemptId): void {
    const held = this.#held.get(attemptKey(attempt));
    if (held !== undefined) held.presentedAt = undefined;
    this.#present();
  }

  /** There is a new connection: all are sent by it. */
  presentAll(): void {
    for (const held of this.#held.values()) held.presentedAt = undefined;
    this.#present();
  }

  /** Bytes that were sent by this connection and not answered. */
  get unansweredBytes(): number {
    let bytes = 0;
    for (const { presentedAt, payload } of this.#held.values()) if (presentedAt !== undefined) bytes += payload.byteLength;
    return bytes;
  }

  /** Sends what was not answered again; not what is on its way still, by a slow line. */
  presentOverdue(): void {
    const now = this.#clock.now();
    const patienceMs = againMs + this.unansweredBytes / slowestBytesPerMs;
    if (this.#outlet.bufferedBytes === 0) {
      for (const held of this.#held.values()) if (now - (held.presentedAt ?? now) >= patienceMs) held.presentedAt = undefined;
    }
    this.#present();
  }

  remove(attempt: AttemptId): void {
    const key = attemptKey(attempt);
    this.#bytes -= this.#held.get(key)?.payload.byteLength ?? 0;
    this.#held.delete(key);
    if (this.#bytes <= this.#maxBytes / 2) this.#full = false;
  }

  removeJob(job: string): void {
    for (const { message } of this.#held.values()) if (message.task.job === job) this.remove(message.attempt);
  }

  #present(): void {
    if (this.#waiting) return;
    for (const held of this.#held.values()) {
      if (held.presentedAt !== undefined) continue;
      if (!this.#outlet.connected) return;
      const { bufferedBytes } = this.#outlet;
      if (bufferedBytes > 0 && bufferedBytes + held.payload.byteLength > mostBufferedBytes) return this.#presentLater();
      held.presentedAt = this.#clock.now();
      this.#outlet.send(held.message, held.payload);
    }
  }

  #presentLater(): void {
    this.#waiting = true;
    void this.#clock.sleep(lookEveryMs, this.#signal).then(
      () => {
        this.#waiting = false;
        this.#present();
      },
      () => {},
    );
  }
}
