import { rmSync } from "node:fs";
import { formatStats, plural, type RunEvent } from "@shoal/executor";
import { ShoalError, type Logger, type SinkResult } from "@shoal/core";
import type { JobReport, RunSettings } from "@shoal/dataset";
import { unfinishedShare } from "../cluster/share-folder.ts";
import { listenForRuns, setProcessSettings } from "../platform/process-settings.ts";
import { exitCodes } from "./exit-codes.ts";
import { onErrorIsGiven } from "./flag-hints.ts";
import { interruptSignal } from "./interrupt.ts";
import { JsonEvents } from "./json-events.ts";
import { ManyMachines, type ManyMachinesReport } from "./many-machines.ts";
import { checkManyMachinesFlags } from "./many-machines-flags.ts";
import { runSettings, type RunFlags } from "./run-flags.ts";
import { RunsUnderWay } from "./runs-under-way.ts";
import { untimelyEnd } from "./untimely-end.ts";

/** One run started by the command: its settings reach the job, its events decide the exit code. */
export class CommandRun implements AsyncDisposable {
  readonly settings: RunSettings;
  readonly #flags: RunFlags;
  readonly #title: string;
  readonly #json: JsonEvents | undefined;
  readonly #report: ManyMachinesReport;
  #machines: ManyMachines | undefined;
  /** What a shared run has left of the output that this run replaces. */
  #replaced: string | undefined;
  /** Something was consumed, be it in vain. */
  began = false;
  readonly #ends = { written: 0, read: 0, failed: 0 };
  readonly #runs = new RunsUnderWay();
  /** The notice that the progress has just shown; the log is told of it too. */
  #shown: string | undefined;
  /** What a run that begins is refused with. */
  #refusal: ShoalError | undefined;
  /** The command itself says what came out. */
  #reports = false;
  /** What runs in the body of the file have written, to be said once their progress is off the screen. */
  #written: SinkResult[] = [];

  /** @param title what others see its jobs called @throws `bad-option`, `bad-link` */
  static async begin(flags: RunFlags, title: string): Promise<CommandRun> {
    onErrorIsGiven(flags.onError !== undefined);
    await checkManyMachinesFlags(flags);
    await ManyMachines.load(flags);
    return new CommandRun(flags, title);
  }

  private constructor(flags: RunFlags, title: string) {
    [this.#flags, this.#title] = [flags, title];
    this.#json = flags.json === undefined ? undefined : new JsonEvents();
    this.#report = {
      links: (url, links, text) => (this.#json === undefined ? this.#say(text) : this.#json.write({ kind: "links", url, links })),
      note: (message) => (this.#json === undefined && flags.quiet === undefined ? this.#say(`note: ${message}`) : undefined),
    };
    this.#machines = ManyMachines.of(flags, this.#report);
    this.settings = {
      ...runSettings(flags, AbortSignal.any([interruptSignal(), untimelyEnd.ofRun(() => this.began, () => this.#runs.size)])),
      ...this.#machines?.settings(title),
      onEvent: (event) => this.#take(event),
      ...(flags.quiet === undefined && { log: standardErrorLogger((message) => message === this.#shown) }),
    };
    setProcessSettings(this.settings, () => (this.began = true));
    listenForRuns(() => {
      if (this.#refusal !== undefined) throw this.#refusal;
      const run = this.#runs.begin();
      return {
        ...run,
        isOver: () => {
          for (const result of this.#written.splice(0)) this.#say(outputLine(result));
          run.isOver();
        },
      };
    });
  }

  /** The file, and the job that it exports, have come to their end: waits for runs that were not awaited, which the end of the process would cut off. Where one fails, nobody catches it. */
  async ended(): Promise<void> {
    if (this.#runs.size > 0 && this.#flags.quiet === undefined && this.#json === undefined) this.#say("note: the file has ended while a run in it was under way; that is waited for. Await it, so that what comes after it sees its output.");
    await this.#runs.over();
    // What they threw is told in the turn after.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** No run may begin, be it in vain: nothing is opened or computed. */
  refuseRuns(refusal: ShoalError): void {
    this.#refusal = refusal;
  }

  /** Says where the rows go, before the run. @param replaces whether it may replace what is there @throws `output-unfinished` where a shared run has left it unfinished, and this run neither goes on with that nor replaces it */
  rowsTo(location: string | undefined, replaces = false): void {
    this.#reports = true;
    this.#json?.rowsTo(location);
    const left = this.#flags.share ? undefined : unfinishedShare(location);
    if (left !== undefined && this.#flags.resume && this.#flags.on === undefined) this.#goOnAlone();
    else if (left !== undefined && !replaces) throw leftByShare(location as string, left);
    else if (left !== undefined) this.#replace(left, location as string);
    this.#machines?.outputAt(location);
  }

  /**
   * Says what came out and what it took.
   * @param limit of an output that the command named, and that is not whole for it
   */
  finish({ result, stats }: JobReport, { limit }: Pick<RunSettings, "limit"> = {}): void {
    // Also where all of them are of an earlier run, which this one went on with.
    const hasLetters = stats.deadLettered > 0 || result.deadLetters !== undefined;
    if (hasLetters) process.exitCode = exitCodes.deadLetters;
    if (this.#replaced !== undefined) rmSync(this.#replaced, { recursive: true, force: true });
    if (this.#flags.quiet !== undefined || this.#flags.json !== undefined) return;
    // Its notices have been said as they came.
    process.stderr.write(`${formatStats({ ...stats, notices: [] })}\n`);
    this.#say(outputLine(result));
    if (limit !== undefined && result.location !== "-") this.#say(`note: --limit ${limit} bounds what ${result.location} holds. The whole run needs --overwrite, or another name.`);
    const letters = this.#flags.deadLetters ?? result.deadLetters;
    if (hasLetters && letters !== undefined) process.stderr.write(`Rows that failed: ${letters}\n`);
  }

  /** Runs have come to their end, and none of them was to write anything. */
  get onlyRead(): boolean {
    const { written, read, failed } = this.#ends;
    return read > 0 && written === 0 && failed === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machines?.[Symbol.asyncDispose]();
  }

  /** What a shared run has done is known to its coordinator. */
  #goOnAlone(): void {
    this.#machines = ManyMachines.alone(this.#flags, this.#report);
    Object.assign(this.settings, this.#machines.settings(this.#title));
    this.#report.note("This goes on with what a shared run has left, on this machine alone; with --share others may help again.");
  }

  /** Said before it is too late: it may hold hours of work. */
  #replace(left: string, location: string): void {
    this.#replaced = left;
    this.#report.note(`A shared run of ${location} was not finished: what it has done is kept in ${left}. This run does not go on with it, and removes it once its own output is there; --share --resume goes on with it.`);
  }

  #say(text: string): void {
    process.stderr.write(`${text.trimEnd()}\n`);
  }

  #take(event: RunEvent): void {
    this.#json?.write(event);
    if (this.#json === undefined && event.kind === "notice") this.#shown = event.message;
    if (event.kind === "run-failed") this.#ends.failed++;
    if (event.kind === "run-finished") this.#ends[event.result === undefined ? "read" : "written"]++;
    // Also for a job that runs in the body of its file and reports to nobody.
    if (event.kind === "run-finished" && event.result !== undefined && !this.#reports && this.#flags.quiet === undefined && this.#json === undefined) this.#written.push(event.result);
    if (event.kind === "run-finished" && event.stats.deadLettered > 0) process.exitCode = exitCodes.deadLetters;
  }
}

function outputLine({ rows, files, location }: SinkResult): string {
  return `${plural(rows, "row")} in ${plural(files.length, "file")}: ${location === "-" ? "standard output" : location}`;
}

function standardErrorLogger(isShown: (message: string) => boolean): Logger {
  return {
    debug: () => {},
    info: (message) => void (isShown(message) || process.stderr.write(`${message}\n`)),
    warn: (message) => void process.stderr.write(`warning: ${message}\n`),
  };
}

function leftByShare(location: string, folder: string): ShoalError {
  return new ShoalError("output-unfinished", `A shared run of "${location}" was not finished: what it has done is kept in ${folder}.`, {
    failure: "bug",
    hint: 'Go on with it: { resume: true }, with --share or without; start anew with { mode: "overwrite" }, which removes it; or choose another name.',
    details: { path: location, unfinished: folder },
  });
}
