import type { StageRecorder } from "../stats/stage-recorder.ts";
import type { RunTracking } from "./run-tracking.ts";

/** Tells stages, inputs first, how many rows they had handed on where the run goes on: some count them, and of those between it is known where the number of rows stays. */
export function tellRowsPassed(records: readonly StageRecorder[], tracking: Pick<RunTracking, "madeBefore" | "passedBefore">): void {
  if (tracking.madeBefore === 0) return;
  for (const record of records) record.rowsPassed = tracking.passedBefore(record.stage);
  const last = records.at(-1);
  if (last !== undefined) last.rowsPassed = tracking.madeBefore;
  for (const { keepsRows, inputs, rowsPassed } of records.toReversed()) {
    const [input] = inputs;
    if (keepsRows && inputs.length === 1 && input !== undefined) input.rowsPassed ??= rowsPassed;
  }
  for (const record of records) if (record.keepsRows && record.inputs.length === 1) record.rowsPassed ??= record.inputs[0]?.rowsPassed;
}
