import type { RunListener } from "../platform/process-settings.ts";

/** Rows that nobody has asked for in so long a time were left: whoever took the first of them does not come again. */
const leftAfterMs = 5_000;

/** The runs of a job file that have begun and are not over. */
export class RunsUnderWay {
  readonly #runs = new Set<{ isPulled: boolean }>();
  #changed: (() => void) | undefined;

  get size(): number {
    return this.#runs.size;
  }

  begin(): RunListener {
    // A run is asked for its rows by the call that begins it.
    const run = { isPulled: true };
    this.#runs.add(run);
    return {
      pulled: (isPulled) => {
        run.isPulled = isPulled;
        this.#changed?.();
      },
      isOver: () => {
        this.#runs.delete(run);
        this.#changed?.();
      },
    };
  }

  /** Settles when all are over, but for those whose rows a program has begun to take by hand and left. */
  async over(): Promise<void> {
    while (this.#runs.size > 0) {
      const isPulled = [...this.#runs].some((run) => run.isPulled);
      if (!(await this.#change(isPulled ? undefined : leftAfterMs))) return;
    }
  }

  /** @returns false where nothing has changed in time */
  #change(withinMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(() => resolve(false), withinMs);
      this.#changed = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
