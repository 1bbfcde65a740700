/** What was refused since the start, by code of error. */
export class Refusals {
  readonly #counts = new Map<string, number>();

  count(code: string): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  byCode(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
