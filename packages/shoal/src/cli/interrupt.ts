import { ShoalError } from "@shoal/core";
import { exitCodes } from "./exit-codes.ts";

/** A terminal that is closed hangs up. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ctrl-C once does this; twice ends the process, and the processes of its actors with it.
 * @returns stops listening
 */
export function onInterrupt(first: () => void): () => void {
  let isInterrupted = false;
  const interrupt = (): void => {
    if (isInterrupted) process.exit(exitCodes.interrupted);
    isInterrupted = true;
    first();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

/**
 * Aborted by the first Ctrl-C: the run then ends in order.
 * Nothing of this is heard while a function of the job's never gives way: SIGQUIT (Ctrl-\) is left as it is, for that.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  onInterrupt(() => {
    process.stderr.write("\nInterrupted: cleaning up (Ctrl-C again stops at once).\n");
    controller.abort(new ShoalError("aborted", "The run was interrupted.", { failure: "aborted" }));
  });
  return controller.signal;
}
