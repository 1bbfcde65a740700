import { ShoalError } from "@shoal/core";
import { mayChangeRows, type PhysicalOperator } from "@shoal/planner";
import type { StageRecorder } from "./stage-recorder.ts";

/** Whether a stage's rows must add up: nothing in it may change their number unseen. */
export function keepsCount(plan: PhysicalOperator): boolean {
  switch (plan.kind) {
    case "actor-pool": return !mayChangeRows(plan.spec);
    case "row-functions": return plan.steps.every((step) => step.kind !== "flat-map");
    case "project": case "recut": case "union": return true;
    default: return false;
  }
}

/** @throws `rows-not-conserved` where a stage that ran to its end lost or doubled a row (law 7). */
export function assertConserved(record: StageRecorder): void {
  const { rowsIn, rowsOut, skipped, deadLettered, filtered } = record;
  if (!record.completed || !record.inputs.every((input) => input.completed) || rowsIn === rowsOut + skipped + deadLettered + filtered) return;
  throw new ShoalError("rows-not-conserved", `${record.name}: ${rowsIn} rows went in; ${rowsOut} came out, ${skipped} were skipped, ${deadLettered} dead-lettered, ${filtered} filtered out.`, {
    failure: "bug",
    hint: "This is a mistake in Shoal; the output was not published.",
    details: { rowsIn, rowsOut, skipped, deadLettered, filtered },
  });
}
