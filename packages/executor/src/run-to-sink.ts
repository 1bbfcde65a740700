import { commonSchema, schemaOf, ShoalError, type Block, type Datasink, type DeadLetter, type Schema, type SinkResult, type SinkWriter } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { Environment } from "./environment.ts";
import { refuseOwnInput } from "./errors/refuse-own-input.ts";
import { giveUp } from "./resume/give-up.ts";
import type { KeptRun } from "./resume/kept-run.ts";
import { openKeptRun } from "./resume/open-kept-run.ts";
import { deviceChanged, unfinished } from "./resume/resume-errors.ts";
import { plural } from "./stats/format-quantity.ts";
import type { RunStats } from "./stats/run-stats.ts";
import { execute } from "./streaming-executor.ts";
import { tellNotice } from "./tell-notice.ts";

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
  let ledgerRun: KeptRun | undefined;
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
  }, () => ledgerRun?.tracking);
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
    ledgerRun = await openKeptRun(plan, sink, opened, environment, { resume, tellsFreshStart }, signal);
    opening = false;
    const written = ledgerRun?.rowsKept ?? 0;
    const isWhole = await ledgerRun?.replay(write, deadLetters ?? (async () => {}));
    if (resume && ledgerRun !== undefined && ledgerRun.rowsKept < written) tellNotice(environment, `The ledger is damaged: of those ${plural(written, "row")}, ${ledgerRun.rowsKept === 0 ? "none" : `only the first ${ledgerRun.rowsKept}`} can be read. The others are made again.`);
    rowsBefore = (isWhole === true ? ledgerRun?.rowsKept : ledgerRun?.tracking.madeBefore) ?? 0;
    if (!isWhole) {
      for await (const block of execution) {
        const fresh = ledgerRun?.fresh(block) ?? block;
        await write(fresh);
        await ledgerRun?.commit(block, fresh);
      }
      signal.throwIfAborted();
      await ledgerRun?.complete();
    }
    await ledgerRun?.close();
    const result = await inTurn(() => opened.publish(seen ?? schema ?? { fields: [] }));
    const stats = told(finished ?? execution.stats());
    environment.onEvent?.({ kind: "run-finished", stats, result });
    return { result, stats };
  } catch (thrown) {
    const error = ledgerRun?.hasDevices === true && ShoalError.is(thrown, "device-unavailable") ? deviceChanged(sink.name, "a device that failed to start", undefined, thrown) : thrown;
    if (finished !== undefined) {
      const { code, message } = ShoalError.from(error).toData();
      environment.onEvent?.({ kind: "run-failed", code, message, stats: told(finished) });
    }
    // A ledger that could not be opened stays for a run that fits it.
    throw await giveUp(opened, ledgerRun, error, opening && resume, inTurn, environment);
  }
}

async function openSink(sink: Datasink, resume: boolean, { ledgers, keptElsewhere }: Environment, signal: AbortSignal): Promise<SinkWriter> {
  try {
    return await sink.open(signal, { resume });
  } catch (error) {
    const folder = ShoalError.is(error, "output-unfinished") ? error.details?.["unfinished"] : undefined;
    if (ledgers === undefined || typeof folder !== "string") throw error;
    const summary = await ledgers.look(folder);
    throw unfinished(error as ShoalError, summary, summary?.elsewhere?.by ?? (keptElsewhere?.named === undefined ? keptElsewhere?.by : undefined));
  }
}
