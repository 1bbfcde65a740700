import { writeSync } from "node:fs";
import { ShoalError } from "@shoal/core";
import { exitCodes } from "./exit-codes.ts";

/** What the end of a command waits for. */
interface RunUnderWay {
  /** False where nothing has begun that would have to be cleaned up. */
  readonly isUnderWay: () => boolean;
  /** Runs that are not over. */
  readonly open: () => number;
  readonly controller: AbortController;
}

/** How long a run that was told to end may take for it. What was broken may be what it waits for. */
const patienceMs = 60_000;

/**
 * Ends the command for what happens beside it, where nobody awaits it: an error that nobody caught, an output that can't be written.
 * A run that is under way ends first, in order, so that its ledger is kept and its actors are gone.
 */
class UntimelyEnd {
  /** Why the command ends, once it does. The first error tells the most: others come of the same. */
  error: ShoalError | undefined;
  /** The command has come to its own end. */
  isOver = false;
  #run: RunUnderWay | undefined;
  #endAtOnce!: (error: ShoalError) => void;
  /** Rejects where nothing can be, or is to be, waited for. */
  readonly atOnce = new Promise<never>((_, reject) => (this.#endAtOnce = reject));

  constructor() {
    this.atOnce.catch(() => {});
  }

  /** Of a run of code that is not ours: also what escapes it ends the command, and gives a signal that the run is to hear. */
  ofRun(isUnderWay: () => boolean, open: () => number): AbortSignal {
    const controller = new AbortController();
    this.#run = { isUnderWay, open, controller };
    process.on("uncaughtException", (thrown) => this.end(strayError(thrown)));
    // Nothing is left that could wake the process, and still it waits. A second time: the run waits for the same.
    process.on("beforeExit", () => {
      if (this.error !== undefined) return this.#endAtOnce(this.error);
      // Where ending the run gives the process nothing to do, it would end here, without a word.
      setImmediate(() => {});
      this.end(neverSettles());
    });
    process.on("exit", (code) => this.#atExit(code));
    return controller.signal;
  }

  /** Code of the job called `process.exit`: nothing can be waited for any more, and who reads only the exit code must not take it for done. */
  #atExit(code: number): void {
    const open = this.#run?.open() ?? 0;
    if (code !== exitCodes.ok || this.isOver || open === 0) return;
    process.exitCode = exitCodes.failed;
    const { message } = exitedEarly();
    writeSync(2, `error exited-early: ${message}\n`);
  }

  end(error: ShoalError): void {
    if (this.error !== undefined) return;
    this.error = error;
    if (this.#run?.isUnderWay() !== true) return this.#endAtOnce(error);
    setTimeout(() => this.#endAtOnce(error), patienceMs).unref();
    this.#run.controller.abort(error);
  }
}

/** Of this process. */
export const untimelyEnd = new UntimelyEnd();

function strayError(thrown: unknown): ShoalError {
  const error = ShoalError.from(thrown);
  // A run that nobody awaits was interrupted.
  if (error.code === "aborted") return error;
  const { code, message } = error.toData();
  return new ShoalError("uncaught", `Nothing caught this error, so it ends the run: ${code === "unexpected" ? "" : `${code}: `}${message}`, {
    hint: "Await the promise that it comes from, or catch it in the callback that throws it.",
    failure: "aborted",
    cause: thrown,
  });
}

function exitedEarly(): ShoalError {
  return new ShoalError("exited-early", "process.exit() was called while a run was under way. Nothing of it was published.", {
    hint: "Await the run before the program exits; the same command with --resume goes on with what is kept of it.",
    failure: "aborted",
  });
}

function neverSettles(): ShoalError {
  return new ShoalError("never-settles", "The job file waits for something that never comes: nothing is left that could bring it.", {
    hint: "Look for an await of a promise that nobody settles, in its body, in the function that it exports, or in its source of rows.",
    failure: "aborted",
  });
}
