/** In each of two generations. */
const mostEach = 16_384;

/** Names of what was done lately: what was done long ago is forgotten, many at once. */
export class RecentKeys {
  #recent = new Set<string>();
  #before = new Set<string>();

  add(key: string): void {
    this.#recent.add(key);
    if (this.#recent.size >= mostEach) [this.#before, this.#recent] = [this.#recent, new Set()];
  }

  has(key: string): boolean {
    return this.#recent.has(key) || this.#before.has(key);
  }
}
