/**
 * How large a batch may be, in rows or in cost units, and what was learned about it. Data: every observation gives a new state.
 * It climbs by doubling while work per millisecond rises, steps back when it falls or memory runs out, and then stays.
 */
export interface BatchSize {
  readonly size: number;
  /** A size that ran out of memory: never reached again. */
  readonly ceiling: number;
  readonly phase: "climbing" | "settled" | "fixed";
  /** The fastest size so far: work per millisecond. */
  readonly best?: { readonly size: number; readonly rate: number };
  /** Rates seen at the present size, newest last. */
  readonly rates: readonly number[];
}

export interface BatchObservation {
  /** What the batch took of the size: rows, or rows × the dearest row's cost. */
  readonly filled: number;
  /** Work done: rows, or the sum of the rows' costs. */
  readonly work: number;
  readonly ms: number;
}

const batchesPerSize = 3;
const risesBy = 1.05;
const settledWindow = 8;
const fallsTo = 0.6;

export function climbingBatchSize(first: number, max: number): BatchSize {
  return { size: Math.min(first, max), ceiling: max < Infinity ? max + 1 : Infinity, phase: "climbing", rates: [] };
}

export function fixedBatchSize(size: number): BatchSize {
  return { size, ceiling: Infinity, phase: "fixed", rates: [] };
}

export function afterBatch(state: BatchSize, { filled, work, ms }: BatchObservation): BatchSize {
  // A batch cut short by its block's end says nothing about the size.
  if (state.phase === "fixed" || filled < 0.75 * state.size) return state;
  const rate = work / Math.max(ms, 0.001);
  return state.phase === "climbing" ? climb(state, rate) : watch(state, rate);
}

function climb(state: BatchSize, rate: number): BatchSize {
  const rates = [...state.rates, rate];
  if (rates.length < batchesPerSize) return { ...state, rates };
  // The best of a few: other work on the machine only ever slows a batch down.
  const reached = { size: state.size, rate: Math.max(...rates) };
  if (state.best !== undefined && reached.rate < state.best.rate * risesBy) {
    const best = reached.rate > state.best.rate ? { ...state.best, rate: reached.rate } : state.best;
    return { ...state, size: best.size, phase: "settled", best, rates: [] };
  }
  const doubled = 2 * state.size;
  if (doubled >= state.ceiling) {
    const largest = state.ceiling === Infinity ? state.size : Math.max(state.size, Math.min(doubled, state.ceiling - 1));
    return { ...state, size: largest, phase: "settled", best: { ...reached, size: largest }, rates: [] };
  }
  return { ...state, size: doubled, best: reached, rates: [] };
}

function watch(state: BatchSize, rate: number): BatchSize {
  const rates = [...state.rates, rate].slice(-settledWindow);
  if (rates.length < settledWindow || state.best === undefined || Math.max(...rates) >= fallsTo * state.best.rate) return { ...state, rates };
  const size = Math.max(1, Math.floor(state.size / 2));
  return { ...state, size, best: { size, rate: Math.max(...rates) }, rates: [] };
}

/** @param failed what the batch that ran out of memory had taken of the size. */
export function afterOutOfMemory(state: BatchSize, failed: number): BatchSize {
  const ceiling = Math.min(state.ceiling, failed);
  const size = Math.max(1, Math.min(state.size, Math.floor(failed / 2)));
  return { size, ceiling, phase: state.phase === "fixed" ? "fixed" : "settled", best: { size, rate: 0 }, rates: [] };
}
