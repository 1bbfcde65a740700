import { ShoalError } from "@shoal/core";
import { formatCount, plural } from "../stats/format-quantity.ts";
import type { LedgerSummary } from "./run-ledger.ts";

/** @param changes one sentence each */
export function resumeChanged(location: string, rows: number | undefined, changes: readonly string[]): ShoalError {
  return new ShoalError("resume-changed", `The run that left "${location}" unfinished${rows === undefined ? "" : ` (${plural(rows, "row")} done)`} was another one than this:\n${changes.map((change) => `  - ${change}`).join("\n")}`, {
    failure: "bug",
    hint: 'Undo the changes and resume again, or start anew with { mode: "overwrite" }. Give a function a version ({ version: "1" }) before you change text of it that its rows do not depend on.',
    details: { path: location, ...(rows !== undefined && { rows }), changes },
  });
}

/** @param folder of the unfinished output @param by who keeps what is done of it */
export function keptByOther(location: string, folder: string, by: string): ShoalError {
  return new ShoalError("resume-changed", `What was done of "${location}" is kept by the coordinator ${by}. This run goes to no coordinator that keeps it: it would start at the first row, and what is done could not be found again.`, {
    failure: "bug",
    hint: `Go on with it there: { resume: true } with the same { on } (--on <link> --resume). Or start anew: without resume, with { mode: "overwrite" }; a program that always resumes does after "${folder}" is removed.`,
    details: { path: location, keptBy: by, unfinished: folder },
  });
}

export function deviceChanged(location: string, device: string, there: readonly string[] | undefined, cause?: unknown): ShoalError {
  return new ShoalError("device-changed", `The run that left "${location}" unfinished computed on ${device}, which can't be used now${there === undefined ? "" : ` (there is ${there.join(", ") || "no device"})`}. Another device gives other numbers in the last digits.`, {
    failure: "bug",
    hint: 'Resume where that device is, or start anew with { mode: "overwrite" }.',
    details: { path: location, device },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The sink's own error, with how far the earlier run came. @param by who else keeps what is done */
export function unfinished(error: ShoalError, summary: LedgerSummary | undefined, by?: string): ShoalError {
  const { message, details } = error.toData();
  if (summary === undefined || summary.rows === 0) {
    if (by !== undefined) return new ShoalError(error.code, `${message} What ${by} has of it is kept.`, { cause: error, failure: "bug", hint: 'Go on with it there: { resume: true } (--resume, with the same --share or --on); or choose another name.', details: { ...details, keptBy: by } });
    return new ShoalError(error.code, `${message} No row of it is kept.`, { cause: error, failure: "bug", hint: 'Start at the first row: { resume: true }, or { mode: "overwrite" }; or choose another name.', ...(details && { details }) });
  }
  const { rows, startedAt, lastAt } = summary;
  return new ShoalError(error.code, `${message} It has ${formatCount(rows)} rows, the last of ${lastAt} (begun ${startedAt}).`, {
    cause: error,
    failure: "bug",
    hint: 'Go on with it: { resume: true }; start anew with { mode: "overwrite" }, which removes it; or choose another name.',
    details: { ...details, rows, startedAt, lastAt },
  });
}
