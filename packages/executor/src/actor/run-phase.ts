import { concatBlocks, failureClass, ShoalError, sliceBlock, type Block, type Predictor, type PredictorSpec, type RowFailure } from "@shoal/core";
import { ownCopy } from "./own-copy.ts";
import { endsActor, failureData } from "./predict-batch.ts";

/** A block on its way through an actor; row `i` of it is row `rows[i]` of the block that was given. */
export interface TracedBlock {
  readonly block: Block;
  readonly rows: Int32Array;
}

export interface Phase {
  readonly name: "preprocess" | "postprocess";
  readonly run: (block: Block) => Promise<Block>;
  readonly predictor: Predictor;
  readonly spec: PredictorSpec;
  readonly bisect: boolean;
  readonly signal: AbortSignal;
  readonly failures: RowFailure[];
}

/** Runs pre- or postprocess over a whole block; rows that it can't do are found by halving and become failures. */
export async function runPhase(phase: Phase, given: TracedBlock, attempt = 1): Promise<TracedBlock> {
  const { block, rows } = given;
  if (block.rows === 0) return given;
  const oneToOne = phase.predictor.rows === "same" || phase.name === "preprocess";
  const divisible = block.rows > 1 && oneToOne && !phase.predictor.stateful && phase.bisect;
  try {
    const result = await phase.run(divisible ? ownCopy(block, phase.spec) : block);
    if (phase.predictor.rows === "same" && result.rows !== block.rows) throw wrongRowCount(phase, block, result);
    return { block: result, rows };
  } catch (error) {
    if (phase.signal.aborted) throw phase.signal.reason;
    const failure = failureClass(error);
    if (endsActor(failure)) throw ShoalError.from(error);
    if (divisible && failure !== "bug") {
      const middle = Math.ceil(block.rows / 2);
      const first = await runPhase(phase, { block: sliceBlock(block, 0, middle), rows: rows.subarray(0, middle) }, attempt + 1);
      const second = await runPhase(phase, { block: sliceBlock(block, middle), rows: rows.subarray(middle) }, attempt + 1);
      return joined(first, second);
    }
    const data = failureData(error, failure);
    for (const row of rows) phase.failures.push({ row, error: data, attempts: attempt });
    return { block: { rows: 0, columns: {}, lineage: [] }, rows: new Int32Array() };
  }
}

function joined(first: TracedBlock, second: TracedBlock): TracedBlock {
  if (first.block.rows === 0) return second;
  if (second.block.rows === 0) return first;
  const rows = new Int32Array(first.rows.length + second.rows.length);
  rows.set(first.rows);
  rows.set(second.rows, first.rows.length);
  return { block: concatBlocks([first.block, second.block]), rows };
}

function wrongRowCount({ name, spec }: Phase, given: Block, result: Block): ShoalError {
  return new ShoalError("wrong-row-count", `Predictor "${spec.name}" gave ${result.rows} rows for ${given.rows} in ${name}.`, {
    failure: "bug",
    hint: `Return one value per row in every column; a predictor that may drop or add rows declares rows: "any".`,
    details: { given: given.rows, returned: result.rows, phase: name },
  });
}
