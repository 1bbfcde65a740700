import { isAllMissing, isAllNaN, isTypedArray, ShoalError, type Block, type Column, type PredictorSpec } from "@shoal/core";

/**
 * Wrong results are errors (law 9): a row count that must be kept and is not, numbers that are all NaN.
 * @param rows the batch's rows, as `rows 32–63 of the block`.
 * @throws `wrong-row-count`, `not-a-number`
 */
export function checkResult(result: Block, given: Block, spec: PredictorSpec, rowsKept: boolean, rows: string): void {
  if (rowsKept && result.rows !== given.rows) {
    throw new ShoalError("wrong-row-count", `Predictor "${spec.name}" gave ${result.rows} rows for ${given.rows} (${rows}).`, {
      // Not bisected: a predictor that gives one row for many would seem right for batches of one.
      failure: "bug",
      hint: `Return one value per row in every column; a predictor that may drop or add rows declares rows: "any".`,
      details: { given: given.rows, returned: result.rows },
    });
  }
  for (const name of Object.keys(result.columns)) {
    if (result.rows > 0 && isAllNaN(result.columns[name] as Column) && !isSameColumn(result.columns[name], given.columns[name])) {
      throw new ShoalError("not-a-number", `Predictor "${spec.name}" gave nothing but NaN in column "${name}" (${rows}).`, {
        failure: "bug",
        hint: "Check the input for NaN or zero lengths, and try another dtype or device: half precision overflows, and a lost GPU hands back garbage.",
        details: { column: name },
      });
    }
  }
}

/** Of a predictor that is pure data, none of which leaves a row without an answer that does not fail. @throws `missing-column`, `no-values` */
export function checkPromisedColumns(result: Block, spec: PredictorSpec): void {
  if (spec.kind !== "declarative") return;
  const missing = spec.adds.find((name) => !(name in result.columns));
  if (missing !== undefined) throw missingColumn(result, spec, missing);
  const hollow = spec.adds.find((name) => isAllMissing(result.columns[name] as Column));
  if (hollow === undefined) return;
  throw new ShoalError("no-values", `Predictor "${spec.name}" gave no value at all in column "${hollow}" (${result.rows} rows).`, {
    failure: "bug",
    hint: "This is a mistake in the backend that runs it: a row has an answer, or fails.",
    details: { column: hollow },
  });
}

function missingColumn(result: Block, spec: PredictorSpec, missing: string): ShoalError {
  return new ShoalError("missing-column", `Predictor "${spec.name}" promised column "${missing}" and gave ${Object.keys(result.columns).map((name) => `"${name}"`).join(", ") || "no column"} (${result.rows} rows).`, {
    failure: "bug",
    hint: "This is a mistake in the backend that runs it, or its options name an output that the model lacks.",
    details: { column: missing },
  });
}

function isSameColumn(result: Column | undefined, given: Column | undefined): boolean {
  return result !== undefined && given !== undefined && isTypedArray(result.values) && isTypedArray(given.values) && result.values.buffer === given.values.buffer;
}
