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

/** What one call more is taken to cost, as a part of what a batch may hold: the size climbed until calls cost little beside it. */
const callCost = 1 / 32;

/**
 * Cuts rows into batches so that the padding and the number of calls together cost least (dynamic programming over the cuts, from the
 * end). A batch holds at least one row, however dear.
 * @param order as {@link dearestFirst} gives it where there are costs.
 * @param from index in `order` of the first row to cut.
 * @param costs by row; without them only the row limit counts.
 * @returns by index in `order`, where the batch that begins there ends (exclusive).
 */
export function cutBatches(order: Int32Array, from: number, limits: BatchLimits, costs?: ArrayLike<number>): Int32Array {
  const rows = order.length;
  const most = Math.max(1, Math.floor(limits.rows));
  const ends = new Int32Array(rows);
  const bounded = costs !== undefined && limits.cost < Infinity;
  if (!bounded) return ends.map((_, at) => Math.min(rows, at + most));
  const perCall = limits.cost * callCost;
  const least = new Float64Array(rows + 1);
  for (let start = rows - 1; start >= from; start--) {
    const dearest = costs[order[start] as number] as number;
    const last = Math.min(rows, start + most, start + Math.max(1, Math.floor(limits.cost / dearest)));
    let best = Infinity;
    for (let end = start + 1; end <= last; end++) {
      const cost = perCall + (end - start) * dearest + (least[end] as number);
      // Of equal ones the largest batch, so that there are fewer.
      if (cost > best) continue;
      best = cost;
      ends[start] = end;
    }
    least[start] = best;
  }
  return ends;
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
