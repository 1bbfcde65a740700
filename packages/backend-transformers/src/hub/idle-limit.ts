import { systemClock, type Clock } from "@shoal/core";

/** A connection on which nothing comes for so long is dead, whatever it says. */
const usualIdleMs = 60_000;

/** A signal that aborts with another one, and where nothing was seen for too long, until it is disposed. */
export class IdleLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #idle = new AbortController();
  readonly #over = new AbortController();
  #seenAt: number;

  constructor(signal: AbortSignal, idleMs: number = usualIdleMs, clock: Clock = systemClock) {
    [this.#idleMs, this.#clock, this.#seenAt] = [idleMs, clock, clock.now()];
    this.signal = AbortSignal.any([signal, this.#idle.signal]);
    void this.#watch();
  }

  /** Something came. */
  seen(): void {
    this.#seenAt = this.#clock.now();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const restMs = this.#seenAt + this.#idleMs - this.#clock.now();
      if (restMs <= 0) return this.#idle.abort(new Error(`nothing came for ${this.#idleMs / 1000} s`));
      await this.#clock.sleep(restMs, this.#over.signal).catch(() => {});
    }
  }
}
