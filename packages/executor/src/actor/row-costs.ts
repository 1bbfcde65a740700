import { failureClass, preview, ShoalError, type Block, type Predictor, type PredictorSpec, type RowFailure } from "@shoal/core";
import { endsActor, failureData } from "./predict-batch.ts";

/** What the rows of a block cost, and those that can't be packed because that is not known. */
export interface RowCosts {
  readonly costs: Float64Array;
  /** `row` counts within the block. */
  readonly failures: readonly RowFailure[];
}

/** Asks a predictor what rows cost. A cost that is no number of at least 0, or could not be told, is the fault of its row. */
export function rowCosts(predictor: Pick<Predictor, "cost">, block: Block, spec: PredictorSpec): RowCosts {
  const costs = new Float64Array(block.rows);
  const failures: RowFailure[] = [];
  const given = costsOf(predictor, block);
  for (let row = 0; row < block.rows; row++) {
    const cost = given.costs?.[row] as unknown;
    if (typeof cost === "number" && cost >= 0) costs[row] = cost;
    else failures.push({ row, error: given.error ?? failureData(wrongCost(spec, row, cost)), attempts: 1 });
  }
  return { costs, failures };
}

function costsOf(predictor: Pick<Predictor, "cost">, block: Block): { readonly costs?: ArrayLike<unknown>; readonly error?: RowFailure["error"] } {
  try {
    return { costs: predictor.cost?.(block) ?? [] };
  } catch (error) {
    const failure = failureClass(error);
    if (endsActor(failure)) throw ShoalError.from(error);
    return { error: failureData(error, failure) };
  }
}

function wrongCost(spec: PredictorSpec, row: number, cost: unknown): ShoalError {
  return new ShoalError("wrong-cost", `Predictor "${spec.name}" says that row ${row} of a block costs ${preview(cost)}; a cost is a number of at least 0.`, {
    failure: "row", hint: "Mend its cost(): it gives a number for one row, and no promise.", details: { rows: [row] },
  });
}
