import { ShoalError } from "@shoal/core";
import { exitCodes } from "./exit-codes.ts";

/**
 * Ctrl-C once ends the run in order; twice ends the process. The actors' processes end with this one.
 * Nothing of this is heard while a function of the job's never gives way: SIGQUIT (Ctrl-\) is left as it is, for that.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write("\nInterrupted: cleaning up (Ctrl-C again stops at once).\n");
    controller.abort(new ShoalError("aborted", "The run was interrupted.", { failure: "aborted" }));
  };
  // A terminal that is closed hangs up.
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  return controller.signal;
}
