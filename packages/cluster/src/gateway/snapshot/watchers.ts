import type { Clock } from "@shoal/core";

/** Those who want to know of changes: told at most so often, and of the last one for certain. */
export class Watchers {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #signal: AbortSignal;
  readonly #onMistake: (error: unknown) => void;
  readonly #watching = new Set<() => void>();
  #isDue = false;

  /** @param onMistake told what a watcher threw, which is nothing to the others */
  constructor(clock: Clock, everyMs: number, signal: AbortSignal, onMistake: (error: unknown) => void) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#signal = signal;
    this.#onMistake = onMistake;
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
        for (const watcher of this.#watching) this.#tell(watcher);
      },
      () => {},
    );
  }

  #tell(watcher: () => void): void {
    try {
      watcher();
    } catch (error) {
      this.#onMistake(error);
    }
  }
}
