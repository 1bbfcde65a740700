import { ShoalError } from "@shoal/core";

const leastShare = 0.01;
/** A block that took long is not paid for with minutes of rest: the coordinator would take the worker for stuck. */
const longestRestMs = 60_000;

/** Rests between rounds of blocks, so that computing takes about a share of the time. A round is as many blocks as there are actors. */
export class DutyCycle {
  #share = 1;
  #roundBegan = 0;
  #begun = 0;
  #restUntil = 0;

  get share(): number {
    return this.#share;
  }

  /** @throws `bad-option` */
  set share(share: number) {
    if (!(share >= leastShare && share <= 1)) {
      throw new ShoalError("bad-option", `dutyCycle: ${share} is no share of the time from ${leastShare} to 1.`, { hint: "Give 0.5 for half of the time; pause() stops it whole.", failure: "bug" });
    }
    this.#share = share;
    if (share === 1) this.#restUntil = 0;
  }

  /** How long to wait before a block may begin; Infinity while the round is full. */
  waitMs(now: number, actors: number): number {
    if (this.#share === 1) return 0;
    if (this.#begun >= Math.max(1, actors)) return Infinity;
    return Math.max(0, this.#restUntil - now);
  }

  began(now: number): void {
    if (this.#begun++ === 0) this.#roundBegan = now;
  }

  /** Nothing runs any more. */
  roundEnded(now: number): void {
    if (this.#begun === 0) return;
    this.#begun = 0;
    this.#restUntil = this.#share === 1 ? 0 : now + Math.min(longestRestMs, (now - this.#roundBegan) * (1 / this.#share - 1));
  }
}
