interface Turn {
  readonly refusal: () => Error | undefined;
  readonly begin: () => Promise<void>;
  readonly reject: (error: Error) => void;
}

/** One piece of work at a time, in order. The first begins at once, before the call returns. */
export class TurnQueue {
  readonly #waiting: Turn[] = [];
  #busy = false;

  /** @param refusal asked when its turn comes: why it is not to begin. */
  take<T>(work: () => Promise<T>, refusal: () => Error | undefined = () => undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ refusal, reject, begin: () => work().then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    while (!this.#busy) {
      const turn = this.#waiting.shift();
      if (turn === undefined) return;
      const refused = turn.refusal();
      if (refused !== undefined) {
        turn.reject(refused);
        continue;
      }
      this.#busy = true;
      void turn.begin().then(() => {
        this.#busy = false;
        this.#next();
      });
    }
  }
}
