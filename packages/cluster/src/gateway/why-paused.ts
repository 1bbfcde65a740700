import { commitsStalledMs } from "../scheduler/index.ts";
import type { EngineTrouble } from "./engine-trouble.ts";
import type { GatewayState } from "./gateway-state.ts";

const stalledAfterMs = 5_000;

/** Why nothing gets done: the disk is full, or the ledger does not answer. */
export function whyPaused({ loop }: GatewayState, trouble: EngineTrouble): string | undefined {
  const stalledMs = commitsStalledMs(loop.state);
  return trouble.why ?? (stalledMs < stalledAfterMs ? undefined : `The ledger has decided nothing for ${Math.round(stalledMs / 1000)} s.`);
}
