import { isMissing, type Column } from "./column.ts";

/** Whether a column has rows, and no value in any of them: no answer of a predictor whose every row gets one (law 9). */
export function isAllMissing(column: Column): boolean {
  for (let row = 0; row < column.length; row++) if (!isMissing(column, row)) return false;
  return column.length > 0;
}
