import type { ShoalError } from "@shoal/core";
import type { GatewayState } from "../gateway-state.ts";
import { badResult, type CheckedBytes, type CheckResult, type ResultExpectation } from "./check-result.ts";

interface OpenCheck {
  /** Absent while it waits for its turn. */
  since?: number;
  readonly end: (error: ShoalError) => void;
}

/** Whether results are what their workers say, and what they should be: each is looked at for so long and no longer. */
export class TimedChecks {
  readonly #state: GatewayState;
  readonly #check: CheckResult;
  readonly #open = new Set<OpenCheck>();

  constructor(state: GatewayState, check: CheckResult) {
    this.#state = state;
    this.#check = check;
    state.signal.addEventListener("abort", () => {
      for (const { end } of this.#open) end(badResult("The gateway is over."));
    }, { once: true });
  }

  /** @returns the bytes, which may have moved meanwhile @throws what is wrong with them */
  look(payload: Uint8Array, expected: ResultExpectation): Promise<CheckedBytes> {
    const over = new AbortController();
    return new Promise((resolve, reject) => {
      const check: OpenCheck = { end: (error) => {
        over.abort(error);
        reject(error);
      } };
      this.#open.add(check);
      const begun = (): void => void (check.since = this.#state.clock.now());
      this.#check(payload, expected, over.signal, begun).then(resolve, reject).finally(() => this.#open.delete(check));
    });
  }

  /** A check that takes too long ends as one that failed. Called about once a second. */
  mindLate(): void {
    const { clock, settings } = this.#state;
    for (const { since, end } of this.#open) if (since !== undefined && clock.now() - since >= settings.checkMs) end(badResult(`Reading it took longer than ${settings.checkMs / 1000} s.`, undefined, { late: true }));
  }
}
