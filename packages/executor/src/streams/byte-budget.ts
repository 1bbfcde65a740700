/** Bytes on loan; goes back when what holds them is consumed. */
export interface Permit {
  /** Now holds so many bytes. Never waits: what exists already can't be refused. */
  resize(bytes: number): void;
  release(): void;
}

/** How many bytes may be held before more is read. A holder of nothing may always take one block, so that nothing stands still. */
export class ByteBudget {
  readonly #limit: number;
  readonly #onRelease: () => void;
  #held = 0;
  #peak = 0;

  constructor(limit: number, onRelease: () => void = () => {}) {
    this.#limit = limit;
    this.#onRelease = onRelease;
  }

  /** True when another block may be read. */
  get hasRoom(): boolean {
    return this.#held === 0 || this.#held < this.#limit;
  }

  get held(): number {
    return this.#held;
  }

  get peak(): number {
    return this.#peak;
  }

  take(bytes: number): Permit {
    let own = 0;
    const resize = (to: number): void => {
      this.#held += to - own;
      this.#peak = Math.max(this.#peak, this.#held);
      const freed = to < own;
      own = to;
      if (freed) this.#onRelease();
    };
    resize(bytes);
    return { resize, release: () => resize(0) };
  }
}
