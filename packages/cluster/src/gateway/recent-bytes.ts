/** Bytes by name, as many as fit; the ones that came first go first. */
export class RecentBytes {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #most: number;
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string, bytes: Uint8Array): void {
    if (this.#bytes.has(name) || bytes.byteLength > this.#most) return;
    this.#bytes.set(name, bytes);
    this.#size += bytes.byteLength;
    for (const [oldest] of this.#bytes) {
      if (this.#size <= this.#most) break;
      this.take(oldest);
    }
  }

  get(name: string): Uint8Array | undefined {
    return this.#bytes.get(name);
  }

  /** Gives them, and lets go of them. */
  take(name: string): Uint8Array | undefined {
    const bytes = this.#bytes.get(name);
    if (bytes === undefined) return undefined;
    this.#bytes.delete(name);
    this.#size -= bytes.byteLength;
    return bytes;
  }
}
