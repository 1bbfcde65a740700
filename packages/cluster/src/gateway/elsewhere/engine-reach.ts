import { ShoalError } from "@shoal/core";
import type { GatewayState } from "../gateway-state.ts";

const answersWithinMs = 5_000;
const againMs = 1_000;

/** Whether the engine answers this gateway. One that lost a role for want of an answer can commit nothing: its guests do better elsewhere, until it answers again. */
export class EngineReach {
  readonly #state: GatewayState;
  #why: ShoalError | undefined;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  /** Why nobody from elsewhere is let in; undefined while all is well. */
  get why(): ShoalError | undefined {
    return this.#why;
  }

  /** @returns what guests are told; undefined where they have been */
  lost(): ShoalError | undefined {
    if (this.#why !== undefined) return undefined;
    this.#why = new ShoalError("engine-paused", `${this.#state.name} can't reach its engine now.`, { hint: "Another gateway of it may: the link that names several is tried on; this one takes guests again once it can." });
    this.#probe().catch(() => {});
    return this.#why;
  }

  async #probe(): Promise<void> {
    const { engine, clock, signal } = this.#state;
    while (this.#why !== undefined) {
      const over = new AbortController();
      const isThere = await Promise.race([
        engine.ledger.jobs().then(() => true, () => false),
        clock.sleep(answersWithinMs, AbortSignal.any([signal, over.signal])).then(() => false),
      ]);
      over.abort();
      if (isThere) this.#why = undefined;
      else await clock.sleep(againMs, signal);
    }
  }
}
