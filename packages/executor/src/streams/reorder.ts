/**
 * A bounded window of work under way: results come out in the order in which they were added, or (with `ordered: false`) as they come.
 * One consumer.
 */
export class ReorderWindow<T> {
  readonly #ordered: boolean;
  readonly #capacity: () => number;
  #waiting: Promise<T>[] = [];
  #done: (() => T)[] = [];
  #open = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(ordered: boolean, capacity: () => number) {
    this.#ordered = ordered;
    this.#capacity = capacity;
  }

  get hasRoom(): boolean {
    return this.#open < this.#capacity();
  }

  /** How many were added and not taken out. */
  get size(): number {
    return this.#open;
  }

  add(result: Promise<T>): void {
    this.#open++;
    if (this.#ordered) {
      // Its failure is heard when its turn comes.
      result.catch(() => {});
      this.#waiting.push(result);
    } else {
      result.then(
        (value) => this.#settle(() => value),
        (error: unknown) => this.#settle(() => {
          throw error;
        }),
      );
    }
    this.#notify();
  }

  #settle(outcome: () => T): void {
    this.#done.push(outcome);
    this.#notify();
  }

  /** No more will be added. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** `next` throws this at once, whatever is still open. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#notify();
  }

  /** The next result; undefined at the end. */
  async next(): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const [head] = this.#waiting;
      if (head !== undefined) {
        const failed = this.#change();
        const settled = await Promise.race([head.then(() => true, () => true), failed.then(() => false)]);
        if (!settled) continue;
        void this.#waiting.shift();
        this.#open--;
        return { value: await head };
      }
      const done = this.#done.shift();
      if (done !== undefined) {
        this.#open--;
        return { value: done() };
      }
      if (this.#ended && this.#open === 0) return undefined;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
