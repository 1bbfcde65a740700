const lock = "shoal tab at work";
const channel = "shoal tabs at work";

/**
 * Holds a lock while this tab works. Browsers do not freeze a page that holds one; and by it the tabs of one browser know of each other: they
 * share one graphics card and one processor.
 */
export class WorkingTabs {
  readonly #onOthers: (others: number) => void;
  readonly #channel = new BroadcastChannel(channel);
  #release: (() => void) | undefined;

  /** @param onOthers told how many other tabs of this browser work, whenever that may have changed. */
  constructor(onOthers: (others: number) => void) {
    this.#onOthers = onOthers;
    this.#channel.addEventListener("message", () => void this.#count());
  }

  async enter(): Promise<void> {
    const { locks } = navigator as { readonly locks?: LockManager };
    if (locks === undefined || this.#release !== undefined) return;
    await new Promise<void>((entered) => {
      locks.request(lock, { mode: "shared" }, () => {
        entered();
        return new Promise<void>((release) => (this.#release = release));
      }).catch(() => entered());
    });
    this.#changed();
  }

  leave(): void {
    this.#release?.();
    this.#release = undefined;
    this.#changed();
  }

  #changed(): void {
    this.#channel.postMessage("changed");
    void this.#count();
  }

  async #count(): Promise<void> {
    const { locks } = navigator as { readonly locks?: LockManager };
    const { held = [] } = (await locks?.query().catch(() => undefined)) ?? {};
    const tabs = held.filter(({ name }) => name === lock).length;
    this.#onOthers(Math.max(0, tabs - (this.#release === undefined ? 0 : 1)));
  }
}
