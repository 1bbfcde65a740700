import { ShoalError, type SinkWriter } from "@shoal/core";
import type { Environment } from "../environment.ts";
import { plural } from "../stats/format-quantity.ts";
import { tellNotice } from "../tell-notice.ts";
import type { KeptRun } from "./kept-run.ts";

/** Ends the output of a run that failed: leaves what is kept of it, or nothing. Gives the error to throw. */
export async function giveUp(writer: SinkWriter, ledgerRun: KeptRun | undefined, error: unknown, stays: boolean, inTurn: <T>(work: () => Promise<T>) => Promise<T>, environment: Environment): Promise<unknown> {
  // What could not be written down is made again.
  await ledgerRun?.close().catch(() => {});
  const rows = ledgerRun === undefined || writer.unfinished === undefined ? 0 : ((await environment.ledgers?.look(writer.unfinished).catch(() => undefined))?.rows ?? 0);
  try {
    await inTurn(async () => (writer.leave !== undefined && (rows > 0 || stays || environment.keptElsewhere?.named?.hasDone === true) ? writer.leave() : writer.discard()));
  } catch (second) {
    return new ShoalError("discard-failed", `The run failed: ${ShoalError.from(error).toData().message.replace(/\.?$/, ".")} What it had written could not be removed either: ${ShoalError.from(second).message}`, { cause: error, hint: "Mend what the cause names, and remove the unfinished output by hand, or run again with mode: \"overwrite\"." });
  }
  if (rows === 0) return ledgerRun === undefined ? stayingElsewhere(environment, error) : error;
  if (ShoalError.is(error, "aborted")) {
    const { message, details } = error.toData();
    return new ShoalError("aborted", `${message} ${doneRows(rows)} kept.`, { cause: error, failure: "aborted", hint: "Go on with them: { resume: true }.", details: { ...details, kept: rows, unfinished: writer.unfinished } });
  }
  tellNotice(environment, `${doneRows(rows)} kept: a run with { resume: true } (--resume) goes on after ${rows === 1 ? "it" : "them"}.`);
  return error;
}

function doneRows(rows: number): string {
  return rows === 1 ? "1 row that is done is" : `${plural(rows, "row")} that are done are`;
}

/** What is done stays where it was predicted. */
function stayingElsewhere(environment: Environment, error: unknown): unknown {
  const { keptElsewhere } = environment;
  if (keptElsewhere === undefined || keptElsewhere.named?.hasDone === false || ShoalError.is(error, "resume-changed")) return error;
  const { by, rows } = keptElsewhere;
  const what = rows === undefined ? "What is done is" : `${plural(rows, "row")} that ${rows === 1 ? "is" : "are"} done ${rows === 1 ? "is" : "are"}`;
  if (ShoalError.is(error, "aborted")) {
    const { message, details } = error.toData();
    return new ShoalError("aborted", `${message} ${what} kept by ${by}.`, { cause: error, failure: "aborted", hint: "Go on with it: { resume: true }.", details: { ...details, keptBy: by, ...(rows !== undefined && { kept: rows }) } });
  }
  tellNotice(environment, `${what} kept by ${by}: a run with { resume: true } (--resume) goes on with it.`);
  return error;
}
