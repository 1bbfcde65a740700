import {
  concatBlocks, failureClass, ShoalError, sliceBlock,
  type Block, type BlockResult, type RowFailure,
} from "@shoal/core";

/** Why an actor's work was lost: nobody's fault yet. */
export type Loss = "worker-lost" | "device-lost" | "timeout";

export function lossOf(error: unknown): Loss | undefined {
  if (ShoalError.is(error) && (error.code === "worker-lost" || error.code === "device-lost" || error.code === "timeout")) return error.code;
  const failure = failureClass(error);
  return failure === "worker-lost" || failure === "device-lost" || failure === "timeout" ? failure : undefined;
}

/** A block on offer, or a part of one that has ended actors. */
export interface Piece {
  readonly block: Block;
  /** Its first row within the block it came from. */
  readonly first: number;
  /** How many actors were lost over these rows. */
  readonly losses: number;
  /** Gets an actor to itself, so that the next loss has one suspect. */
  readonly alone: boolean;
}

/** A block in the pool, and what its parts came to so far. */
export interface Task {
  readonly block: Block;
  readonly parts: { readonly first: number; readonly result: BlockResult }[];
  open: number;
  readonly resolve: (result: BlockResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A piece in the queue of a pool, or in an actor. */
export interface Offer extends Piece {
  readonly task: Task;
}

export interface LossReport {
  readonly loss: Loss;
  readonly error: ShoalError;
  /** It was the only block that the actor had, or is known to have been on the device. */
  readonly blamed: boolean;
  /** Rows of the piece that were on the device: first and last. */
  readonly batch?: readonly [number, number] | undefined;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  /** Rows can be predicted apart from the rest of their batch. */
  readonly splits: boolean;
}

/** What becomes of a piece whose actor was lost: offered again, whole or in parts, or given up. Failures count rows within the piece. */
export function afterLoss(piece: Piece, report: LossReport, policy: RetryPolicy): { readonly again: readonly Piece[]; readonly failures: readonly RowFailure[] } {
  if (!report.blamed) return { again: [report.loss === "timeout" ? piece : { ...piece, losses: piece.losses + 1, alone: true }], failures: [] };
  const losses = piece.losses + 1;
  // A hang costs its whole time limit each time, so it is narrowed down at once.
  if (report.loss !== "timeout" && losses < policy.maxAttempts) return { again: [{ ...piece, losses, alone: true }], failures: [] };
  const parts = split(piece, losses, report.batch, policy.splits);
  if (parts.length > 1) return { again: parts, failures: [] };
  const data = report.error.toData();
  const error = { ...data, failure: report.loss };
  return { again: [], failures: Array.from({ length: piece.block.rows }, (_, row) => ({ row, error, attempts: losses })) };
}

function split(piece: Piece, losses: number, batch: readonly [number, number] | undefined, splits: boolean): Piece[] {
  const { rows } = piece.block;
  const cuts = new Set<number>([0, rows]);
  if (batch !== undefined && batch[0] >= 0 && batch[1] < rows && batch[1] - batch[0] + 1 < rows) {
    cuts.add(batch[0]);
    cuts.add(batch[1] + 1);
  } else if (splits && rows > 1) {
    cuts.add(Math.ceil(rows / 2));
  }
  const at = [...cuts].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => {
    const start = at[index] as number;
    return { block: sliceBlock(piece.block, start, end), first: piece.first + start, losses, alone: true };
  });
}

/** What the parts of one block came to, as one result. */
export function mergeResults(block: Block, parts: readonly { readonly first: number; readonly result: BlockResult }[]): BlockResult {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only.result;
  const results = parts.toSorted((a, b) => a.first - b.first);
  const sum = (value: (result: BlockResult) => number): number => results.reduce((total, { result }) => total + value(result), 0);
  const counts: Record<string, number> = {};
  for (const { result } of results) for (const [name, amount] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + amount;
  const memoryBytes = results.reduce((most, { result }) => Math.max(most, result.memoryBytes ?? 0), 0);
  return {
    block: { ...concatBlocks(results.map(({ result }) => result.block).filter((part) => part.rows > 0)), lineage: block.lineage },
    failures: results.flatMap(({ first, result }) => result.failures.map((failure) => ({ ...failure, row: failure.row + first }))),
    batches: results.flatMap(({ result }) => result.batches),
    preprocessMs: sum((result) => result.preprocessMs),
    predictMs: sum((result) => result.predictMs),
    postprocessMs: sum((result) => result.postprocessMs),
    counts,
    batchRows: results.reduce((most, { result }) => Math.max(most, result.batchRows), 0),
    collapsedRows: sum((result) => result.collapsedRows),
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
  };
}

/** The result of rows that were given up. */
export function failedResult(failures: readonly RowFailure[]): BlockResult {
  return {
    block: { rows: 0, columns: {}, lineage: [] }, failures, batches: [], preprocessMs: 0, predictMs: 0, postprocessMs: 0, counts: {}, batchRows: 0, collapsedRows: 0,
  };
}
