import type { ActorLine } from "../actor-protocol.ts";

/** Lines to actors that were started before anybody asked for them. */
export class SpareLines implements AsyncDisposable {
  readonly #spares = new Map<string, ActorLine[]>();
  #over = false;

  /** @param key of what they are started with: a spare serves whoever asks for the same */
  add(key: string, count: number, open: () => ActorLine): void {
    if (this.#over) return;
    this.#spares.set(key, [...(this.#spares.get(key) ?? []), ...Array.from({ length: count }, open)]);
  }

  take(key: string): ActorLine | undefined {
    return this.#spares.get(key)?.shift();
  }

  /** Ends those that nobody wanted. Settles when they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    const left = [...this.#spares.values()].flat();
    this.#spares.clear();
    for (const line of left) line.kill();
    await Promise.all(left.map(({ closed }) => closed));
  }
}
