import {
  concatColumns, lineageOfRows, lineageTogether, missingColumn, ShoalError, takeColumn, takeRows,
  type Block, type BlockResult, type Column, type PredictorSpec,
} from "@shoal/core";
import { mayChangeRows } from "@shoal/planner";

/**
 * What a predictor made of a block, with the rest of each row: the columns of a declarative predictor join the row, those of one's own
 * replace it. Failed rows are left out, or (`nulls`) stay with null in the columns that are new; those they had before they keep.
 */
export function finishRows(spec: PredictorSpec, given: Block, result: BlockResult, nulls: boolean, known: readonly string[]): Block {
  if (mayChangeRows(spec)) return { ...result.block, lineage: lineageTogether(given.lineage, result.block.rows) };
  assertAccounted(spec, given, result);
  const failed = Int32Array.from(result.failures, (failure) => failure.row);
  const accepted = failed.length === 0 ? undefined : othersThan(failed, given.rows);
  if (spec.kind === "module") {
    if (accepted === undefined) return { ...result.block, lineage: given.lineage };
    if (!nulls) return { ...result.block, lineage: lineageOfRows(given.lineage, given.rows, accepted) };
    return withFailedRows(result.block, given, accepted, failed, columnsOf(result.block, known, given));
  }
  const added = { ...result.block, columns: Object.fromEntries(spec.adds.map((name) => [name, result.block.columns[name] ?? missingColumn(result.block.rows)])) };
  if (accepted === undefined) return { ...given, columns: { ...given.columns, ...added.columns } };
  if (!nulls) {
    const kept = takeRows(given, accepted);
    return { ...kept, columns: { ...kept.columns, ...added.columns } };
  }
  const all = withFailedRows(added, { ...given, columns: {} }, accepted, failed, spec.adds);
  return { ...given, columns: { ...given.columns, ...all.columns } };
}

/** The columns of the answer; where every row failed those of an earlier one, or at least what came in. */
function columnsOf(done: Block, known: readonly string[], given: Block): readonly string[] {
  if (done.rows > 0) return Object.keys(done.columns);
  return known.length > 0 ? known : Object.keys(given.columns);
}

function withFailedRows(done: Block, given: Block, accepted: Int32Array, failed: Int32Array, names: readonly string[]): Block {
  const order = new Int32Array(given.rows);
  accepted.forEach((row, at) => (order[row] = at));
  failed.forEach((row, at) => (order[row] = accepted.length + at));
  const columns: Record<string, Column> = {};
  for (const name of names) {
    const had = given.columns[name];
    const parts = [done.columns[name] ?? missingColumn(done.rows), had === undefined ? missingColumn(failed.length) : takeColumn(had, failed)];
    columns[name] = takeColumn(concatColumns(parts), order);
  }
  return { rows: given.rows, columns, lineage: given.lineage };
}

function othersThan(failed: Int32Array, rows: number): Int32Array {
  const gone = new Set(failed);
  const others = new Int32Array(rows - gone.size);
  let at = 0;
  for (let row = 0; row < rows; row++) if (!gone.has(row)) others[at++] = row;
  return others;
}

/** An actor may be anywhere: what it says is checked. */
function assertAccounted(spec: PredictorSpec, given: Block, result: BlockResult): void {
  if (result.block.rows + new Set(result.failures.map((failure) => failure.row)).size === given.rows) return;
  throw new ShoalError("rows-not-conserved", `An actor of "${spec.name}" got ${given.rows} rows and answered for ${result.block.rows} done and ${result.failures.length} failed.`, {
    failure: "bug",
    hint: `A predictor that may drop or add rows declares rows: "any".`,
  });
}
