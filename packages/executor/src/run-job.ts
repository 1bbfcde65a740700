import { commonSchema, schemaOf, ShoalError, type Block, type Datasink, type DeadLetter, type Schema, type SinkResult, type SinkWriter } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { Environment } from "./environment.ts";
import { refuseOwnInput } from "./errors/refuse-own-input.ts";
import { KeptRun } from "./resume/kept-run.ts";
import { nameElsewhere } from "./resume/name-elsewhere.ts";
import { deviceChanged, unfinished } from "./resume/resume-errors.ts";
import { whyNoLedger, whyNoPosition, whyOtherBlocks } from "./resume/why-not.ts";
import { plural } from "./stats/format-quantity.ts";
import type { RunStats } from "./stats/run-stats.ts";
import { execute } from "./streaming-executor.ts";

export interface SinkRun {
  /** What an output without rows gets when the plan can't tell. */
  readonly schema?: Schema;
  /** Go on with what an earlier run has left unfinished; without that, begin. */
  readonly resume?: boolean;
  /** Somebody asked for this very run to go on, and is told that there was nothing; a program that always resumes is not. */
  readonly tellsFreshStart?: boolean;
}

/**
 * Runs a plan into a sink. The output appears whole or not at all: it is published when every row is written. When anything fails or the
 * signal aborts it is discarded, but for what a ledger has of it: from there `resume` goes on. Rows that fail with `deadLetter` go to the
 * sink too, unless the environment has another place for them.
 * @throws `no-place-for-dead-letters`, `output-is-input` at once; `output-unfinished`; with `resume`: `resume-changed`, `device-changed`
 */
export async function runToSink(plan: PhysicalOperator, sink: Datasink, environment: Environment, { schema, resume = false, tellsFreshStart = resume }: SinkRun = {}): Promise<{ readonly result: SinkResult; readonly stats: RunStats }> {
  const signal = environment.signal ?? new AbortController().signal;
  let writer: SinkWriter | undefined;
  let kept: KeptRun | undefined;
  // A writer takes one call at a time, and dead letters come while blocks are being written.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(write: () => Promise<T>): Promise<T> => {
    const turn = last.then(write);
    last = turn.catch(() => {});
    return turn;
  };
  let finished: RunStats | undefined;
  let rowsBefore = 0;
  const told = (stats: RunStats): RunStats => (rowsBefore === 0 ? stats : { ...stats, rowsBefore });
  const toSink = sink.keepsDeadLetters === false ? undefined : (letters: readonly DeadLetter[]): Promise<void> => inTurn(async () => writer?.writeDeadLetters(letters));
  const deadLetters = environment.deadLetters ?? toSink;
  const execution = execute(plan, {
    ...environment,
    ...(deadLetters !== undefined && { deadLetters }),
    // A run is finished when its output is there.
    onEvent: (event) => (event.kind === "run-finished" ? (finished = event.stats) : environment.onEvent?.(event)),
  }, () => kept?.tracking);
  signal.throwIfAborted();
  await refuseOwnInput(plan, sink, signal);
  const opened = (writer = await openSink(sink, resume, environment, signal));
  let seen: Schema | undefined;
  const write = async (block: Block): Promise<void> => {
    const own = schemaOf(block.columns);
    seen = seen === undefined ? own : commonSchema(seen, own);
    if (block.rows > 0) await inTurn(() => opened.write(block));
  };
  // They start while it is found out what was done before.
  execution.prepare();
  let opening = true;
  try {
    kept = await keepRun(plan, sink, opened, environment, { resume, tellsFreshStart }, signal);
    opening = false;
    const written = kept?.kept ?? 0;
    const isWhole = await kept?.replay(write, deadLetters ?? (async () => {}));
    if (resume && kept !== undefined && kept.kept < written) notice(environment, `The ledger is damaged: of those ${plural(written, "row")}, ${kept.kept === 0 ? "none" : `only the first ${kept.kept}`} can be read. The others are made again.`);
    rowsBefore = (isWhole === true ? kept?.kept : kept?.tracking.madeBefore) ?? 0;
    if (!isWhole) {
      for await (const block of execution) {
        const fresh = kept?.fresh(block) ?? block;
        await write(fresh);
        await kept?.commit(block, fresh);
      }
      signal.throwIfAborted();
      await kept?.complete();
    }
    await kept?.close();
    const result = await inTurn(() => opened.publish(seen ?? schema ?? { fields: [] }));
    const stats = told(finished ?? execution.stats());
    environment.onEvent?.({ kind: "run-finished", stats, result });
    return { result, stats };
  } catch (thrown) {
    const error = kept?.hasDevices === true && ShoalError.is(thrown, "device-unavailable") ? deviceChanged(sink.name, "a device that failed to start", undefined, thrown) : thrown;
    if (finished !== undefined) {
      const { code, message } = ShoalError.from(error).toData();
      environment.onEvent?.({ kind: "run-failed", code, message, stats: told(finished) });
    }
    // A ledger that could not be opened stays for a run that fits it.
    throw await givenUp(opened, kept, error, opening && resume, inTurn, environment);
  }
}

async function openSink(sink: Datasink, resume: boolean, { ledgers, kept }: Environment, signal: AbortSignal): Promise<SinkWriter> {
  try {
    return await sink.open(signal, { resume });
  } catch (error) {
    const folder = ShoalError.is(error, "output-unfinished") ? error.details?.["unfinished"] : undefined;
    if (ledgers === undefined || typeof folder !== "string") throw error;
    const summary = await ledgers.look(folder);
    throw unfinished(error as ShoalError, summary, summary?.elsewhere?.by ?? (kept?.named === undefined ? kept?.by : undefined));
  }
}

/** The run's ledger; undefined where it keeps none, which is said when somebody counts on it. */
async function keepRun(plan: PhysicalOperator, sink: Datasink, writer: SinkWriter, environment: Environment, { resume, tellsFreshStart }: { readonly resume: boolean; readonly tellsFreshStart: boolean }, signal: AbortSignal): Promise<KeptRun | undefined> {
  const { ledgers, devices, kept: elsewhere } = environment;
  const { unfinished: folder } = writer;
  const before = resume && folder !== undefined ? await ledgers?.look(folder) : undefined;
  const nothingKept = ledgers === undefined || folder === undefined || writer.leave === undefined ? `${sink.name} keeps nothing that is unfinished` : undefined;
  const cannot = (why: string): undefined => {
    if (resume) notice(environment, `Nothing can be resumed: ${why}. This run starts at the first row.`);
    return undefined;
  };
  if (elsewhere !== undefined) {
    const { by, named } = elsewhere;
    // Rows of a run that went nowhere else are not made again.
    if ((before?.rows ?? 0) > 0) await elsewhere.goesOnHere();
    else if (named === undefined) return undefined;
    else {
      const why = whyNoLedger(plan) ?? whyOtherBlocks(plan) ?? nothingKept;
      if (why !== undefined || ledgers === undefined || folder === undefined) return cannot(why ?? "");
      const startedAt = await nameElsewhere({ plan, location: sink.name, folder, ledgers, resume }, by, named);
      if (resume && (tellsFreshStart || startedAt !== undefined)) notice(environment, startedAt === undefined ? `There is nothing to resume for ${sink.name}: this run starts at the first row.` : `Going on with what ${by} has of it (begun ${startedAt}). What functions take from around them can't be checked.`);
      return undefined;
    }
  }
  const why = whyNoLedger(plan) ?? whyNoPosition(plan) ?? nothingKept;
  if (why !== undefined || ledgers === undefined || folder === undefined) return cannot(why ?? "");
  const kept = await KeptRun.open({ plan, location: sink.name, folder, ledgers, resume, devices, signal,
    onProblem: (problem) => notice(environment, `What is done from here on can't be resumed: ${problem.toData().message} A resumed run would do it again.`) });
  if (resume && (tellsFreshStart || kept.kept > 0 || before?.elsewhere !== undefined)) {
    notice(environment, kept.kept > 0
      ? `Going on after ${plural(kept.kept, "row")} that ${kept.kept === 1 ? "is" : "are"} done (begun ${kept.startedAt}). What functions take from around them can't be checked.`
      : before?.elsewhere !== undefined ? `What was done of ${sink.name} is kept by ${before.elsewhere.by}, where this run does not go: it starts at the first row.`
        : `There is nothing to resume for ${sink.name}: this run starts at the first row.`);
  }
  return kept;
}

/** Ends the output of a run that failed: leaves what is kept of it, or nothing. Gives the error to throw. */
async function givenUp(writer: SinkWriter, kept: KeptRun | undefined, error: unknown, stays: boolean, inTurn: <T>(work: () => Promise<T>) => Promise<T>, environment: Environment): Promise<unknown> {
  // What could not be written down is made again.
  await kept?.close().catch(() => {});
  const rows = kept === undefined || writer.unfinished === undefined ? 0 : ((await environment.ledgers?.look(writer.unfinished).catch(() => undefined))?.rows ?? 0);
  try {
    await inTurn(async () => (writer.leave !== undefined && (rows > 0 || stays || environment.kept?.named?.hasDone === true) ? writer.leave() : writer.discard()));
  } catch (second) {
    return new ShoalError("discard-failed", `The run failed: ${ShoalError.from(error).toData().message.replace(/\.?$/, ".")} What it had written could not be removed either: ${ShoalError.from(second).message}`, { cause: error, hint: "Mend what the cause names, and remove the unfinished output by hand, or run again with mode: \"overwrite\"." });
  }
  if (rows === 0) return kept === undefined ? keptElsewhere(environment, error) : error;
  if (ShoalError.is(error, "aborted")) {
    const { message, details } = error.toData();
    return new ShoalError("aborted", `${message} ${doneRows(rows)} kept.`, { cause: error, failure: "aborted", hint: "Go on with them: { resume: true }.", details: { ...details, kept: rows, unfinished: writer.unfinished } });
  }
  notice(environment, `${doneRows(rows)} kept: a run with { resume: true } (--resume) goes on after ${rows === 1 ? "it" : "them"}.`);
  return error;
}

function doneRows(rows: number): string {
  return rows === 1 ? "1 row that is done is" : `${plural(rows, "row")} that are done are`;
}

/** What is done stays where it was predicted. */
function keptElsewhere(environment: Environment, error: unknown): unknown {
  const { kept } = environment;
  if (kept === undefined || kept.named?.hasDone === false) return error;
  const { by, rows } = kept;
  const what = rows === undefined ? "What is done is" : `${plural(rows, "row")} that ${rows === 1 ? "is" : "are"} done ${rows === 1 ? "is" : "are"}`;
  if (ShoalError.is(error, "aborted")) {
    const { message, details } = error.toData();
    return new ShoalError("aborted", `${message} ${what} kept by ${by}.`, { cause: error, failure: "aborted", hint: "Go on with it: { resume: true }.", details: { ...details, keptBy: by, ...(rows !== undefined && { kept: rows }) } });
  }
  notice(environment, `${what} kept by ${by}: a run with { resume: true } (--resume) goes on with it.`);
  return error;
}

function notice({ log, onEvent }: Environment, message: string): void {
  onEvent?.({ kind: "notice", message });
  log?.info(message);
}
