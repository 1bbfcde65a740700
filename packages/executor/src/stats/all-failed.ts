import type { StageRecorder } from "./stage-recorder.ts";

/** Says of a stage that is through and did no row right, whatever became of its rows; undefined for any other. */
export function allFailed({ name, rowsIn, rowsOut, nulled, skipped, deadLettered, filtered, failedRows, completed }: StageRecorder): string | undefined {
  if (!completed || rowsIn === 0 || failedRows === 0 || rowsOut > nulled || filtered > 0) return undefined;
  const fate = deadLettered > 0 ? "they are among the dead letters" : skipped > 0 ? "they were left out" : "they have null instead of results";
  return `${name}: every row failed (${rowsIn} of ${rowsIn}); ${fate}. Run it with onError "fail" to see the first error.`;
}
