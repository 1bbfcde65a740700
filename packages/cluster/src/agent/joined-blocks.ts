import { concatBlocks, sameType, ShoalError, sliceBlock, type BatchTrace, type Block, type BlockResult } from "@shoal/core";

/** Whether the rows of two blocks can stand in one, with every column just as it came. What JavaScript has no good form for stays by itself. */
export function canJoin(a: Block, b: Block): boolean {
  const names = Object.keys(a.columns);
  if (Object.keys(b.columns).length !== names.length) return false;
  return names.every((name) => {
    const [one, other] = [a.columns[name], Object.hasOwn(b.columns, name) ? b.columns[name] : undefined];
    return one !== undefined && other !== undefined && one.type.kind !== "arrow" && sameType(one.type, other.type);
  });
}

/** Blocks that {@link canJoin}, as one. Where their rows come from is not known here. */
export function joinBlocks(blocks: readonly Block[]): Block {
  return { ...concatBlocks(blocks), lineage: [] };
}

/** Rows of each of several blocks that are done, where so many of all are: in their order. */
export function rowsDoneOf(done: number, rows: readonly number[]): number[] {
  let left = done;
  return rows.map((own) => {
    const part = Math.min(own, left);
    left -= part;
    return part;
  });
}

/**
 * What came of joined blocks, for each of them: its own rows and failures. Times and counts were measured over all together; each gets
 * the part that its rows are of them, so that they add up to what they were. A batch belongs to the block in which the middle of its rows lies.
 * @param rows of each block, in their order
 * @throws `rows-not-conserved`
 */
export function partResults(result: BlockResult, rows: readonly number[]): BlockResult[] {
  const all = rows.reduce((sum, each) => sum + each, 0);
  const { failures, block } = result;
  if (block.rows + failures.length !== all) throw notConserved(all, result);
  const batches = batchesOf(result.batches, rows, all);
  let first = 0;
  let failedBefore = 0;
  return rows.map((own, index) => {
    const end = first + own;
    const failed = failures.filter(({ row }) => row >= first && row < end);
    const share = (amount: number): number => shareOf(amount, first, end, all);
    const part: BlockResult = {
      block: failed.length === own ? { rows: 0, columns: {}, lineage: [] } : sliceBlock(block, first - failedBefore, end - failedBefore - failed.length),
      failures: failed.map((failure) => ({ ...failure, row: failure.row - first })),
      batches: batches[index] as BatchTrace[],
      preprocessMs: share(result.preprocessMs), predictMs: share(result.predictMs), postprocessMs: share(result.postprocessMs),
      counts: Object.fromEntries(Object.entries(result.counts).map(([name, amount]) => [name, share(amount)])),
      batchRows: result.batchRows,
      collapsedRows: share(result.collapsedRows),
      ...(result.memoryBytes === undefined ? {} : { memoryBytes: result.memoryBytes }),
    };
    first = end;
    failedBefore += failed.length;
    return part;
  });
}

/** What rows `first` to `end` have of an amount: whole numbers stay whole, and the shares of all rows add up to it. */
function shareOf(amount: number, first: number, end: number, all: number): number {
  const until = (row: number): number => (Number.isSafeInteger(amount) ? Math.round((amount * row) / all) : (amount * row) / all);
  return until(end) - until(first);
}

function batchesOf(batches: readonly BatchTrace[], rows: readonly number[], all: number): BatchTrace[][] {
  const shared = rows.map((): BatchTrace[] => []);
  const counted = batches.reduce((sum, batch) => sum + batch.rows, 0);
  let before = 0;
  for (const batch of batches) {
    // Batches that were tried again count twice: so by their part of all that was tried.
    const middle = counted === 0 ? 0 : ((before + batch.rows / 2) * all) / counted;
    let end = 0;
    const index = rows.findIndex((own) => middle < (end += own));
    shared[index < 0 ? rows.length - 1 : index]?.push(batch);
    before += batch.rows;
  }
  return shared;
}

function notConserved(rows: number, { block, failures }: BlockResult): ShoalError {
  return new ShoalError("rows-not-conserved", `${rows} rows of several blocks came back as ${block.rows} done and ${failures.length} failed.`, {
    failure: "bug", hint: "This is a mistake in Shoal; please report it with the plan (explain()).",
  });
}
