import { ShoalError } from "@shoal/core";
import type { GatewayState } from "../gateway-state.ts";
import type { WorkerLink } from "./worker-link.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What was struck a moment ago has faded a little. */
const faded = 0.5;

/**
 * A worker sent what it must not: that is counted, and after some of it the worker stays outside for a while.
 * @param why in words, of its last result
 */
export function strikeWorker({ refusals, clock, settings, log, changed }: GatewayState, link: WorkerLink, code: string, why: string): void {
  refusals.count(code);
  const strikes = link.record.strike(clock.now());
  changed();
  if (strikes <= settings.strikes - faded) return;
  link.record.shutOutUntil = clock.now() + settings.strikeOutMs;
  link.record.shutOutFor = why;
  log.warn(`${link.record.label} is shut out for ${settings.strikeOutMs / 1000} s: too many of its results were refused.`);
  link.bye(shutOut(link.record, settings.strikeOutMs), true);
}

export function shutOut({ label, shutOutFor }: WorkerRecord, ms: number): ShoalError {
  return new ShoalError("shut-out", `Too many results of ${label} were refused. The last: ${shutOutFor.replace(/\.$/, "")}.`, {
    hint: `It may come again in ${Math.ceil(ms / 1000)} s. Update Shoal there; if it has a GPU, try it without: --device wasm or cpu.`,
    details: { retryMs: ms },
  });
}
