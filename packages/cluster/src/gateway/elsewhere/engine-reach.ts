import { ShoalError } from "@shoal/core";
import type { GatewayState } from "../gateway-state.ts";

const answersWithinMs = 3_000;
const againMs = 1_000;
/** The engine says itself that nobody answers, and for so long. */
const pausedMs = 2_000;

/**
 * Whether the engine answers this gateway. One that has no answer, or lost a role for want of one, can commit nothing: its guests do better elsewhere, until it answers again. They are
 * sent on while whoever leads the jobs still counts on them (`lentMs`): so they show what they hold before it is computed again.
 */
export class EngineReach {
  readonly #state: GatewayState;
  readonly #onLost: (why: ShoalError) => void;
  #why: ShoalError | undefined;
  #pausedAt: number | undefined;
  #isLooking = false;

  /** @param onLost guests are to go, and are told this */
  constructor(state: GatewayState, onLost: (why: ShoalError) => void) {
    this.#state = state;
    this.#onLost = onLost;
  }

  /** Why nobody from elsewhere is let in; undefined while all is well. */
  get why(): ShoalError | undefined {
    return this.#why;
  }

  /** Called about once a second. */
  mind(): void {
    const { engine, clock } = this.#state;
    if (engine.status().state !== "paused") this.#pausedAt = undefined;
    else if (clock.now() - (this.#pausedAt ??= clock.now()) >= pausedMs) this.#look().catch(() => {});
  }

  /** What takes no writes, and answers, does so at every gateway. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#why !== undefined) return;
    this.#isLooking = true;
    const isThere = await this.#answers().finally(() => (this.#isLooking = false));
    if (!isThere && this.#pausedAt !== undefined) this.lost();
  }

  /** A role is lost for want of an answer, or nobody answers. */
  lost(): void {
    if (this.#why !== undefined) return;
    this.#why = new ShoalError("engine-paused", `${this.#state.name} can't reach its engine now.`, { hint: "Another gateway of it may: the link that names several is tried on; this one takes guests again once it can." });
    this.#probe().catch(() => {});
    this.#onLost(this.#why);
  }

  async #probe(): Promise<void> {
    const { clock, signal } = this.#state;
    while (this.#why !== undefined) {
      if (await this.#answers()) this.#why = undefined;
      else await clock.sleep(againMs, signal);
    }
  }

  async #answers(): Promise<boolean> {
    const { engine, clock, signal } = this.#state;
    const over = new AbortController();
    const isThere = await Promise.race([
      engine.ledger.jobs().then(() => true, () => false),
      clock.sleep(answersWithinMs, AbortSignal.any([signal, over.signal])).then(() => false),
    ]);
    over.abort();
    return isThere;
  }
}
