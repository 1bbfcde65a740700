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
  /** How many actors were lost over these very rows: their attempts. */
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
  /** False where another block of the actor may have been the cause: nothing is given up over it then. */
  readonly certain?: boolean;
  /** Rows of the piece that were on the device: first and last. */
  readonly batch?: readonly [number, number] | undefined;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  /** Rows can be predicted apart from the rest of their batch. */
  readonly splits: boolean;
}

/**
 * What becomes of a piece whose actor was lost: offered again, whole or in parts, or given up. The rows that were on the device are cut
 * apart from the others, which were not tried, and into parts small enough that a guilty row is alone by its last attempt. Failures count
 * rows within the piece.
 */
export function afterLoss(piece: Piece, report: LossReport, policy: RetryPolicy): { readonly again: readonly Piece[]; readonly failures: readonly RowFailure[] } {
  if (!report.blamed) return { again: [report.loss === "timeout" ? piece : { ...piece, alone: true }], failures: [] };
  const { rows } = piece.block;
  const [first, last] = suspects(rows, report.batch);
  const losses = piece.losses + 1;
  const part = (start: number, end: number, change: Partial<Piece>): Piece => ({ ...piece, block: sliceBlock(piece.block, start, end), first: piece.first + start, ...change });
  const others = [part(0, first, {}), part(last + 1, rows, {})];
  const parts = policy.splits ? partsOf(last - first + 1, policy.maxAttempts - losses) : 1;
  const size = Math.ceil((last - first + 1) / parts);
  const suspected: Piece[] = [];
  for (let start = first; start <= last; start += size) suspected.push(part(start, Math.min(last + 1, start + size), { losses, alone: true }));
  const whole = suspected.length === 1;
  // A hang costs its whole time limit each time: one row is not tried twice. Others may be until their attempts are used up.
  const over = whole && (policy.splits ? last === first : true) && (report.loss === "timeout" || losses >= policy.maxAttempts) && report.certain !== false;
  const again = [others[0] as Piece, ...(over ? [] : suspected), others[1] as Piece].filter((each) => each.block.rows > 0);
  if (!over) return { again, failures: [] };
  const error = { ...report.error.toData(), failure: report.loss };
  return { again, failures: Array.from({ length: last - first + 1 }, (_, at) => ({ row: first + at, error, attempts: losses })) };
}

/** Rows of the piece that were on the device; all of them where that is not known. */
function suspects(rows: number, batch: readonly [number, number] | undefined): readonly [number, number] {
  return batch !== undefined && batch[0] >= 0 && batch[0] <= batch[1] && batch[1] < rows ? batch : [0, rows - 1];
}

const mostParts = 32;

/** Into how many parts to cut rows so that one of them is alone after so many more losses. */
function partsOf(rows: number, lossesLeft: number): number {
  if (rows === 1) return 1;
  return Math.min(mostParts, Math.max(2, Math.ceil(rows ** (1 / Math.max(1, lossesLeft)) - 1e-9)));
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
