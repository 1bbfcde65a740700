/** What a batch may hold. */
export interface BatchLimits {
  readonly rows: number;
  /** Of rows × the dearest row's cost. */
  readonly cost: number;
}

/**
 * The order in which a block's rows are predicted: dearest first, so that rows of like cost share a batch (little padding) and what
 * does not fit shows at the start. Rows of equal cost keep their order.
 */
export function dearestFirst(costs: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: costs.length }, (_, row) => row);
  return order.sort((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);
}

/**
 * Where the batch that begins at `start` of `order` ends (exclusive). It holds at least one row, however dear.
 * @param costs by row; without it only the row limit counts.
 */
export function endOfBatch(order: Int32Array, start: number, limits: BatchLimits, costs?: ArrayLike<number>): number {
  const last = Math.min(order.length, start + Math.max(1, Math.floor(limits.rows)));
  if (costs === undefined || limits.cost === Infinity) return last;
  let dearest = 0;
  let end = start;
  while (end < last) {
    dearest = Math.max(dearest, costs[order[end] as number] as number);
    if (end > start && (end - start + 1) * dearest > limits.cost) break;
    end++;
  }
  return end;
}

/** Rows × dearest row: what a padded batch costs. */
export function paddedCost(rows: Int32Array, costs: ArrayLike<number>): number {
  let dearest = 0;
  for (const row of rows) dearest = Math.max(dearest, costs[row] as number);
  return dearest * rows.length;
}

export function sumOfCosts(rows: Int32Array, costs: ArrayLike<number>): number {
  let sum = 0;
  for (const row of rows) sum += costs[row] as number;
  return sum;
}
