/** What one tab remembers over a reload, of one coordinator. Forgets everything where the browser lets a page keep nothing. */
export class TabMemory {
  readonly #prefix: string;

  constructor(base: string) {
    this.#prefix = `shoal ${new URL(base).pathname} `;
  }

  get(key: string): string | undefined {
    try {
      return sessionStorage.getItem(this.#prefix + key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set(key: string, value: string | undefined): void {
    try {
      if (value === undefined) sessionStorage.removeItem(this.#prefix + key);
      else sessionStorage.setItem(this.#prefix + key, value);
    } catch {
      // Kept for a reload only; the page works without.
    }
  }

  /** @returns what was kept as JSON; undefined where nothing was, or something else. */
  getJson<T extends object>(key: string, isT: (value: unknown) => value is T): T | undefined {
    try {
      const value: unknown = JSON.parse(this.get(key) ?? "null");
      return isT(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
