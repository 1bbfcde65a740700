import type { Clock } from "@shoal/core";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until it is told to go on. `auto`: when everything else has come to rest it jumps to the next sleeper, so
 * that a program of promises runs through hours in no time.
 */
export class FakeClock implements Clock {
  readonly #auto: boolean;
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;
  #jumping = false;

  constructor({ auto = false }: { readonly auto?: boolean } = {}) {
    this.#auto = auto;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper: Sleeper = {
        at: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#sleepers.add(sleeper);
      if (this.#auto) this.#jumpWhenIdle();
    });
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Lets time pass; whoever sleeps until then wakes in order, and is heard before the next. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = next.at;
      next.wake();
      await rest();
    }
    this.#now = until;
    await rest();
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (next === undefined || sleeper.at < next.at) next = sleeper;
    return next;
  }

  #jumpWhenIdle(): void {
    if (this.#jumping) return;
    this.#jumping = true;
    void rest().then(() => {
      this.#jumping = false;
      const next = this.#next();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      this.#jumpWhenIdle();
    });
  }
}

/** Settles when no promise is left that could settle by itself: a task comes after all microtasks. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
