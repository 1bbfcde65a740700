import type { Clock } from "@shoal/core";

/** Those who want to know of changes: told at most so often, and of the last one for certain. */
export class Watchers {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #signal: AbortSignal;
  readonly #watching = new Set<() => void>();
  #isDue = false;

  constructor(clock: Clock, everyMs: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#signal = signal;
  }

  watch(onChange: () => void): () => void {
    const watcher = (): void => onChange();
    this.#watching.add(watcher);
    return () => this.#watching.delete(watcher);
  }

  changed(): void {
    if (this.#isDue || this.#watching.size === 0) return;
    this.#isDue = true;
    this.#clock.sleep(this.#everyMs, this.#signal).then(
      () => {
        this.#isDue = false;
        for (const watcher of this.#watching) watcher();
      },
      () => {},
    );
  }
}
