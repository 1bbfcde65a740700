/** Items of a source that is read as fast as it gives them, ahead of whoever takes them. One consumer. */
export class RunAhead<T> {
  readonly #ready: T[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(source: AsyncIterable<T>) {
    void this.#read(source);
  }

  /** `next` would not have to wait for the source. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** The next item; undefined at the end. @throws what the source threw, once what it gave before is taken */
  async next(): Promise<T | undefined> {
    for (;;) {
      const item = this.#ready.shift();
      if (item !== undefined) return item;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Nobody takes any more: the source is read no further. */
  stop(): void {
    this.#ended = true;
    this.#ready.length = 0;
  }

  async #read(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#ended) return;
        this.#ready.push(item);
        this.#wake?.();
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#ended = true;
      this.#wake?.();
    }
  }
}
