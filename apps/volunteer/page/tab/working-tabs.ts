const prefix = "shoal tab at work ";

/**
 * Holds a lock while this tab works. Browsers do not freeze a page that holds one; and by it the tabs of one browser know of each other: they
 * share one graphics card and one processor. Where there are no locks, as on insecure pages, a tab believes that it is alone.
 */
export class WorkingTabs {
  readonly #onOthers: (others: number) => void;
  readonly #locks = (navigator as { readonly locks?: LockManager }).locks;
  readonly #channel = new BroadcastChannel("shoal tabs at work");
  readonly #name = prefix + crypto.getRandomValues(new Uint32Array(2)).join("-");
  readonly #watched = new Set<string>();
  #release: (() => void) | undefined;

  /** @param onOthers told how many other tabs of this browser work, whenever that may have changed. */
  constructor(onOthers: (others: number) => void) {
    this.#onOthers = onOthers;
    this.#channel.addEventListener("message", () => void this.#count());
    void this.#count();
  }

  async enter(): Promise<void> {
    if (this.#locks === undefined || this.#release !== undefined) return;
    let release = (): void => {};
    const left = new Promise<void>((resolve) => (release = resolve));
    this.#release = release;
    await new Promise<void>((entered) => {
      this.#locks?.request(this.#name, () => (entered(), left)).catch(() => entered());
    });
    this.#channel.postMessage("entered");
  }

  leave(): void {
    this.#release?.();
    this.#release = undefined;
  }

  async #count(): Promise<void> {
    const { held = [] } = (await this.#locks?.query().catch(() => undefined)) ?? {};
    const others = held.map(({ name = "" }) => name).filter((name) => name.startsWith(prefix) && name !== this.#name);
    this.#onOthers(others.length);
    for (const other of others) this.#watch(other);
  }

  /** The lock of a tab is free when that one leaves, is closed, or crashes. */
  #watch(other: string): void {
    if (this.#watched.has(other)) return;
    this.#watched.add(other);
    const gone = (): void => {
      this.#watched.delete(other);
      void this.#count();
    };
    this.#locks?.request(other, { mode: "shared" }, () => {}).then(gone, gone);
  }
}
