import { formatStats, plural, type RunEvent } from "@shoal/executor";
import type { Logger } from "@shoal/core";
import type { JobReport, RunSettings } from "@shoal/dataset";
import { setProcessSettings } from "../platform/process-settings.ts";
import { exitCodes } from "./exit-codes.ts";
import { interruptSignal } from "./interrupt.ts";
import { JsonEvents } from "./json-events.ts";
import { runSettings, type RunFlags } from "./run-flags.ts";

/** One run started by the command: its settings reach the job, its events decide the exit code. */
export class CommandRun {
  readonly settings: RunSettings;
  readonly #flags: RunFlags;
  readonly #json: JsonEvents | undefined;
  /** Something was consumed, be it in vain. */
  began = false;

  constructor(flags: RunFlags) {
    this.#flags = flags;
    this.#json = flags.json === undefined ? undefined : new JsonEvents();
    this.settings = { ...runSettings(flags, interruptSignal()), onEvent: (event) => this.#take(event), ...(flags.quiet === undefined && { log: standardErrorLogger }) };
    setProcessSettings(this.settings, () => (this.began = true));
  }

  /** Says where the rows go, before the run. */
  rowsTo(location: string | undefined): void {
    this.#json?.rowsTo(location);
  }

  /** Says what came out and what it took. */
  finish({ result, stats }: JobReport): void {
    if (this.#flags.quiet !== undefined || this.#flags.json !== undefined) return;
    process.stderr.write(`${formatStats(stats)}\n`);
    process.stderr.write(`${plural(result.rows, "row")} in ${plural(result.files.length, "file")}: ${result.location === "-" ? "standard output" : result.location}\n`);
    const letters = this.#flags.deadLetters ?? result.deadLetters;
    if (stats.deadLettered > 0 && letters !== undefined) process.stderr.write(`Rows that failed: ${letters}\n`);
  }

  #take(event: RunEvent): void {
    this.#json?.write(event);
    // Also for a job that runs in the body of its file and reports to nobody.
    if (event.kind === "run-finished" && event.stats.deadLettered > 0) process.exitCode = exitCodes.deadLetters;
  }
}

const standardErrorLogger: Logger = {
  debug: () => {},
  info: (message) => void process.stderr.write(`${message}\n`),
  warn: (message) => void process.stderr.write(`warning: ${message}\n`),
};
