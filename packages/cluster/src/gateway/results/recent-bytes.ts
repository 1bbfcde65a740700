interface Recent {
  readonly bytes: Uint8Array;
  /** How often they were added and not taken: results of other blocks may be the same. */
  uses: number;
}

/** Bytes by name, as many as fit; the ones that came first go first. */
export class RecentBytes {
  readonly #recent = new Map<string, Recent>();
  readonly #most: number;
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string, bytes: Uint8Array): void {
    const known = this.#recent.get(name);
    if (known !== undefined) return void known.uses++;
    if (bytes.byteLength > this.#most) return;
    this.#recent.set(name, { bytes, uses: 1 });
    this.#size += bytes.byteLength;
    if (this.#size > this.#most) this.#forgetOldest();
  }

  /** Gives them, and lets go of them when they were taken as often as they were added. */
  take(name: string): Uint8Array | undefined {
    const recent = this.#recent.get(name);
    if (recent === undefined) return undefined;
    if (--recent.uses <= 0) this.#forget(name, recent);
    return recent.bytes;
  }

  #forgetOldest(): void {
    for (const [name, recent] of this.#recent) {
      if (this.#size <= this.#most) return;
      this.#forget(name, recent);
    }
  }

  #forget(name: string, { bytes }: Recent): void {
    this.#recent.delete(name);
    this.#size -= bytes.byteLength;
  }
}
