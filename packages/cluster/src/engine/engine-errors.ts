import { ShoalError } from "@shoal/core";

export function engineClosed(): ShoalError {
  return new ShoalError("engine-closed", "The engine is closed.", { hint: "Open it again.", failure: "bug" });
}

/** The engine takes no writes now: `reason` says why, and what would help. */
export function enginePaused(reason: ShoalError): ShoalError {
  const { message } = reason.toData();
  return new ShoalError("engine-paused", `The engine takes no writes now: ${message}`, {
    hint: reason.hint === undefined ? "Try again in a while." : `${reason.hint} It goes on by itself then.`,
    details: { reason: reason.code },
    cause: reason,
  });
}
