/** Keeps the screen on while it is asked to and the page is seen, where a browser lets it: a phone that dims its screen stops its tabs. */
export class AwakeScreen {
  #wanted = false;
  #asking = false;
  #lock: WakeLockSentinel | undefined;

  constructor() {
    // The browser takes the lock away when the page is hidden.
    document.addEventListener("visibilitychange", () => void this.#update());
  }

  keep(wanted: boolean): void {
    this.#wanted = wanted;
    void this.#update();
  }

  async #update(): Promise<void> {
    const { wakeLock } = navigator as { readonly wakeLock?: WakeLock };
    const held = this.#lock !== undefined && !this.#lock.released;
    if (wakeLock === undefined || this.#asking) return;
    if (this.#wanted && !held && !document.hidden) {
      this.#asking = true;
      // Refused on a low battery, or by a policy: then the screen goes off as it always does.
      this.#lock = await wakeLock.request("screen").catch(() => undefined);
      this.#asking = false;
    }
    if (!this.#wanted && this.#lock !== undefined) {
      const lock = this.#lock;
      this.#lock = undefined;
      await lock.release().catch(() => {});
    }
  }
}
